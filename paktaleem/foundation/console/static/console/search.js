/* The key "/" leads to the search box, unless a text is being written. Without script the box works the same. */
"use strict";
{
  const box = document.getElementById("search-box");
  const isWriting = (element) => element.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) {
      return;
    }
    event.preventDefault();
    box.focus();
    box.select();
  });
}
