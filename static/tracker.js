/* Opening-Up Tracker: progressive enhancement only. Every page works without this file.
   Deferred: nothing but the style sheet holds up the first paint. */
(() => {
  const root = document.documentElement, KEY = "tracker-theme";
  const store = {
    get: () => { try { return localStorage.getItem(KEY) } catch { return null } },
    set: v => { try { v ? localStorage.setItem(KEY, v) : localStorage.removeItem(KEY) } catch {} }
  };
  const saved = store.get();
  if (saved === "light" || saved === "dark") root.dataset.theme = saved;

  addEventListener("DOMContentLoaded", () => {
    theme(); copy(); printing(); filters();
  });

  /* Theme: auto -> light -> dark -> auto */
  function theme() {
    const b = document.querySelector("[data-theme-toggle]");
    if (!b) return;
    const steps = ["auto", "light", "dark"], word = b.querySelector("[data-word]"), use = b.querySelector("use");
    const show = () => {
      const now = root.dataset.theme || "auto";
      word.textContent = b.dataset[now];
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

  /* Copy buttons: <button data-copy="#id" data-done="Copied"> */
  function copy() {
    for (const b of document.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard) continue;
      b.hidden = false;
      b.addEventListener("click", async () => {
        const t = document.querySelector(b.dataset.copy), old = b.textContent;
        await navigator.clipboard.writeText(t.value ?? t.textContent.trim());
        b.textContent = b.dataset.done; setTimeout(() => b.textContent = old, 1600);
      });
    }
  }

  /* The list answers its filters in place; where that fails, the page is loaded. */
  function filters() {
    const form = document.querySelector("form.browse");
    if (!form) return;
    const part = (from, what) => from.querySelector(what);
    const here = () => location.pathname + location.search;
    let turn = 0, typing, shown = here();
    const address = () => {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (value && !(name === "sort" && value === "ref")) query.append(name, value);
      return location.pathname + (query.size ? "?" + query : "");
    };
    const put = (page, back) => {
      const fresh = part(page, "form.browse");
      const at = document.activeElement, open = new Set();
      const sign = d => (d.parentElement.closest("details")?.querySelector("summary").firstChild.textContent ?? "") + "/" + part(d, "summary").firstChild.textContent;
      for (const d of form.querySelectorAll(".panel details[open]")) open.add(sign(d));
      part(form, ".panel").replaceChildren(...part(fresh, ".panel").childNodes);
      for (const d of form.querySelectorAll(".panel details")) d.open ||= open.has(sign(d));
      const chips = part(form, "#chips"), filtered = part(fresh, "#chips");
      chips.replaceChildren(...filtered.childNodes); chips.hidden = filtered.hidden;
      part(form, "#count").textContent = part(fresh, "#count").textContent;
      for (const what of [".views", ".dl"]) part(form, what).replaceChildren(...part(fresh, what).childNodes);
      const results = part(form, "#results"), found = part(fresh, "#results");
      results.replaceChildren(results.firstElementChild, ...[...found.children].slice(1));
      for (const hidden of form.querySelectorAll(":scope > div > input[type=hidden]")) hidden.remove();
      part(form, "#chips").before(...fresh.querySelectorAll(":scope > div > input[type=hidden]"));
      for (const what of ["#notes", "#nav ul"]) document.querySelector(what).replaceChildren(...part(page, what).childNodes);
      if (back) for (const name of ["q", "sort", "as_of", "known_at"]) form.elements[name].value = fresh.elements[name].value;
      if (document.contains(at) && at !== document.body) return;
      const again = at?.name && [...form.elements].find(e => e.name === at.name && e.value === at.value);
      (again || part(form, "#count")).focus();
    };
    const show = async (url, back) => {
      const mine = ++turn, {pathname, search} = new URL(url, location);
      shown = pathname + search;
      form.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(url, {headers: {Accept: "text/html"}});
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (mine !== turn) return;
        if (!answer.ok) throw new Error("refused");
        put(page, back);
        document.title = page.title;
        const feeds = d => d.querySelectorAll("head link[rel=alternate][type]"), now = feeds(page);
        feeds(document).forEach((link, i) => now[i] && link.replaceWith(now[i]));
        if (!back) history.pushState(null, "", url);
      } catch { if (mine === turn) location.assign(url); }
      finally { if (mine === turn) form.removeAttribute("aria-busy"); }
    };
    form.addEventListener("submit", e => { e.preventDefault(); show(address()); });
    form.addEventListener("change", e => {
      if (e.target.name === "q") return;
      // A day changes with each digit of its year.
      clearTimeout(typing);
      typing = setTimeout(() => { if (form.checkValidity()) show(address()); }, e.target.type === "date" ? 900 : 0);
    });
    form.addEventListener("click", e => {
      const link = e.target.closest("#chips a, .views a");
      if (!link || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      e.preventDefault(); show(link.href);
    });
    // A step to a place within the page, as the skip link takes, asks for nothing.
    addEventListener("popstate", () => { if (here() !== shown) show(location.href, true); });
  }

  /* Open every disclosure on paper, then restore. */
  function printing() {
    let shut = [];
    addEventListener("beforeprint", () => { shut = [...document.querySelectorAll("details:not([open])")]; shut.forEach(d => d.open = true) });
    addEventListener("afterprint", () => shut.forEach(d => d.open = false));
  }
})();
