"use strict";
// Puts the focus of a form that adds a row on the first field that is empty: not on one that is filled in already.
// Where the form shows the effect of a change, the ground is what is still missing; without one, "Save".
{
  const form = document.getElementById(document.currentScript.dataset.form);
  const named = new Set(["INPUT", "SELECT", "TEXTAREA"]);
  const fields = [...form.elements].filter(
    (one) => named.has(one.tagName) && one.type !== "submit" && !one.disabled && one.offsetParent,
  );
  const isChosen = (name) => fields.some((one) => one.name === name && one.checked);
  const isEmpty = (one) => (["radio", "checkbox"].includes(one.type) ? !isChosen(one.name) : one.value === "");
  const next = "confirms" in document.currentScript.dataset && (form.elements.ground ?? form.elements._save);
  (next || (fields.find(isEmpty) ?? fields[0]))?.focus();
}
