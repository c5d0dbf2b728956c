/* The menu's filter: shows the lists whose name contains what is typed, rare ones included. Without script it is hidden. */
"use strict";
{
  const menu = document.getElementById("menu");
  const field = document.getElementById("menu-filter");
  const nothing = menu.querySelector(".nothing");
  const sections = [...menu.querySelectorAll("details")].map((element) => ({
    element,
    open: element.open,
    entries: [...element.querySelectorAll("li")],
  }));
  const isShown = (entry, wanted) =>
    wanted ? entry.textContent.toLocaleLowerCase().includes(wanted) : !entry.classList.contains("rare");

  const filter = () => {
    const wanted = field.value.trim().toLocaleLowerCase();
    let found = 0;
    for (const section of sections) {
      for (const entry of section.entries) {
        entry.hidden = !isShown(entry, wanted);
      }
      const shown = section.entries.filter((entry) => !entry.hidden).length;
      found += shown;
      section.element.hidden = wanted !== "" && shown === 0;
      section.element.open = wanted ? shown > 0 : section.open;
    }
    nothing.hidden = found > 0;
  };
  field.addEventListener("input", filter);
  field.parentElement.hidden = false;
}
