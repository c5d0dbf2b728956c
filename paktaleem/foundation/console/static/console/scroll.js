/* A table or picture that is wider than the page can be scrolled with the keyboard; one that fits is no stop of the Tab key. */
"use strict";
{
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) {
        target.tabIndex = 0;
      } else {
        target.removeAttribute("tabindex");
      }
    }
  });
  const nameOf = (element) => {
    const heading = element.closest("section")?.querySelector("h2, h3") ?? document.querySelector("h1");
    return heading?.textContent.trim() ?? "";
  };
  for (const element of document.querySelectorAll(".tablewrap, .picture, ol.history > li, pre.record")) {
    if (element.hasAttribute("tabindex")) {
      continue;
    }
    if (element.tagName === "DIV" && !element.hasAttribute("role")) {
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", nameOf(element));
    }
    observer.observe(element);
  }
}
