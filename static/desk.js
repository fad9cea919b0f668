// Comfort for the desk; every page works without it.
"use strict";

// Counted as the server does.
const countWords = (text) => text.split(/\s+/).filter(Boolean).length;

for (const area of document.querySelectorAll("textarea[data-most-words]")) {
  const most = Number(area.dataset.mostWords);
  const line = document.createElement("output");
  line.className = "desk-count";
  line.htmlFor = area.id;
  line.ariaLive = "off";
  area.after(line);
  const say = () => {
    const count = countWords(area.value);
    line.value = `${count} of at most ${most} words`;
    line.classList.toggle("desk-over", count > most);
  };
  area.addEventListener("input", say);
  say();
}

// The admin's search fields are made when the page is ready, just before this, and
// without a name of their own.
globalThis.django?.jQuery?.(() => {
  for (const field of document.querySelectorAll(".select2-search__field")) {
    const select = field.closest(".select2")?.previousElementSibling;
    field.ariaLabel = select?.labels?.[0]?.textContent.trim() || "Search";
  }
});
