// Brings the progress of an import up to date; the page works without it.
"use strict";

const EVERY = 2000;

const lookAgain = async () => {
  const shown = document.getElementById("import-run");
  if (shown.dataset.underWay !== "yes") return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const latest = page.getElementById("import-run");
    if (answer.ok && latest) shown.replaceWith(document.adoptNode(latest));
  } finally {
    setTimeout(lookAgain, EVERY);
  }
};

setTimeout(lookAgain, EVERY);
