/* Opening-Up Tracker: progressive enhancement only. Every page works without this file.
   Load in <head> without defer, so the chosen theme is set before first paint. */
(() => {
  const root = document.documentElement, KEY = "tracker-theme";
  const store = {
    get: () => { try { return localStorage.getItem(KEY) } catch { return null } },
    set: v => { try { v ? localStorage.setItem(KEY, v) : localStorage.removeItem(KEY) } catch {} }
  };
  const saved = store.get();
  if (saved === "light" || saved === "dark") root.dataset.theme = saved;

  addEventListener("DOMContentLoaded", () => {
    theme(); copy(); printing();
  });

  /* Theme: auto -> light -> dark -> auto */
  function theme() {
    const b = document.querySelector("[data-theme-toggle]");
    if (!b) return;
    const steps = ["auto", "light", "dark"], word = b.querySelector("[data-word]"), use = b.querySelector("use");
    const show = () => {
      const now = root.dataset.theme || "auto";
      word.textContent = "Theme: " + now + ". Change";
      use.setAttribute("href", "#i-" + now);
    };
    b.hidden = false;
    b.addEventListener("click", () => {
      const next = steps[(steps.indexOf(root.dataset.theme || "auto") + 1) % 3];
      if (next === "auto") { delete root.dataset.theme; store.set(null) } else { root.dataset.theme = next; store.set(next) }
      show();
    });
    show();
  }

  /* Copy buttons: <button data-copy="#id"> */
  function copy() {
    for (const b of document.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard) continue;
      b.hidden = false;
      b.addEventListener("click", async () => {
        const t = document.querySelector(b.dataset.copy), old = b.textContent;
        await navigator.clipboard.writeText(t.value ?? t.textContent.trim());
        b.textContent = "Copied"; setTimeout(() => b.textContent = old, 1600);
      });
    }
  }

  /* Open every disclosure on paper, then restore. */
  function printing() {
    let shut = [];
    addEventListener("beforeprint", () => { shut = [...document.querySelectorAll("details:not([open])")]; shut.forEach(d => d.open = true) });
    addEventListener("afterprint", () => shut.forEach(d => d.open = false));
  }
})();
