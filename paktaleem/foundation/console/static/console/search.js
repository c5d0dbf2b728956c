/* Ctrl+K (⌘K) leads to the search box; a single key would disturb speech input (WCAG 2.1.4). Without script the box works the same. */
"use strict";
{
  const box = document.getElementById("search-box");

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    box.focus();
    box.select();
  });
}
