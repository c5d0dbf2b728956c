"use strict";
// Keeps what was typed when a submitted form leads to the sign-in page, because the session has ended or the identity
// must be confirmed, or to the page of an expired form. It is put back on the same page, for the same person, in the
// same tab; otherwise it is forgotten.
{
  const KEY = "typed";
  const { user, words, signing } = document.currentScript.dataset;
  const page = location.pathname + location.search;
  const isTyped = (field) => field.name && !["csrfmiddlewaretoken"].includes(field.name) && !["password", "file", "submit"].includes(field.type);
  const read = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");

  const keep = (event) => {
    const form = event.target;
    if (signing || form.getAttribute("method") !== "post" || !form.closest("#content")) {
      return;
    }
    const fields = [...form.elements].filter(isTyped).map((field) => [
      field.name,
      field.tagName === "SELECT" ? [...field.selectedOptions].map((option) => option.value) : field.value,
      field.checked ?? false,
    ]);
    sessionStorage.setItem(KEY, JSON.stringify({ user, page, fields }));
  };

  const putBack = (form, fields) => {
    const left = [...form.elements].filter(isTyped);
    for (const [name, value, checked] of fields) {
      const at = left.findIndex((field) => field.name === name);
      const [field] = at < 0 ? [] : left.splice(at, 1);
      if (field?.tagName === "SELECT") {
        for (const option of field.options) {
          option.selected = value.includes(option.value);
        }
      } else if (field && ["checkbox", "radio"].includes(field.type)) {
        field.checked = checked;
      } else if (field) {
        field.value = value;
      }
    }
  };

  const kept = read();
  if (kept && signing) {
    sessionStorage.setItem(KEY, JSON.stringify({ ...kept, returning: true }));
    document.getElementById("typed-kept")?.removeAttribute("hidden");
  } else if (kept && (!kept.returning || kept.page === page || kept.user !== user)) {
    sessionStorage.removeItem(KEY);
    const form = document.querySelector("#content form[method=post]");
    if (kept.returning && kept.page === page && kept.user === user && form) {
      putBack(form, kept.fields);
      const note = document.createElement("p");
      note.className = "explain";
      note.setAttribute("role", "status");
      note.textContent = words;
      form.before(note);
    }
  }
  document.addEventListener("submit", keep);
}
