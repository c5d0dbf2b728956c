/* Shows the progress of a long act in place, every few seconds, and loads the page again once the act has ended. Without script the browser loads the page again by itself. */
"use strict";
{
  const PAUSE = 5000;
  const find = (page) => page.querySelector("[data-progress]");

  const refresh = async () => {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    const panel = answer.ok ? find(new DOMParser().parseFromString(await answer.text(), "text/html")) : null;
    if (panel === null || panel.dataset.progress !== "running") {
      window.location.reload();
      return;
    }
    if (!find(document).contains(document.activeElement)) {
      find(document).replaceWith(document.adoptNode(panel));
    }
    window.setTimeout(refresh, PAUSE);
  };

  window.setTimeout(() => refresh().catch(() => window.location.reload()), PAUSE);
}
