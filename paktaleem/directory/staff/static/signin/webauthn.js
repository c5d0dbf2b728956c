"use strict";
// Starts allauth's WebAuthn forms from data attributes, so that no page needs a script of its own.
for (const form of document.querySelectorAll("form[data-webauthn]")) {
  const start = window.allauth.webauthn.forms[form.dataset.webauthn];
  const field = form.querySelector("input[name=credential]");
  const button = form.querySelector("button");
  field.id = field.id || "id_credential";
  button.id = button.id || "webauthn_button";
  start({
    ids: { add: button.id, authenticate: button.id, credential: field.id },
    data: JSON.parse(form.dataset.options),
  });
}
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const words = document.getElementById("webauthn_error");
  if (words) { words.hidden = false; }
});
