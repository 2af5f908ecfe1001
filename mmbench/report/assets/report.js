"use strict";
// Sorting, filtering, the language switch and the hover of figures. Texts are set as text, never as
// markup; nothing is loaded, stored or sent.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ------------------------------------------------------------------ languages
  const radios = all('input[name="language"]');
  const use = (language) => {
    const radio = radios.find((r) => r.value === language);
    if (!radio) return;
    radio.checked = true;
    const page = document.querySelector(`.page[data-language="${language}"]`);
    document.documentElement.lang = language;
    document.title = page.dataset.title;
    hide();
  };
  // An address with #zh or #zh-4 says which; otherwise the first that the reader's browser asks for.
  const asked = () => location.hash.slice(1).split("-")[0];
  const wanted = [asked(), ...navigator.languages.map((l) => l.split("-")[0])];
  for (const radio of radios) radio.addEventListener("change", () => use(radio.value));
  addEventListener("hashchange", () => {
    use(asked());
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  });

  // ------------------------------------------------------------------ tables
  const compare = (column, number, sign, collator) => (first, second) => {
    const [a, b] = [first.cells[column], second.cells[column]];
    const gone = (cell) => (number ? cell.dataset.value === undefined : cell.classList.contains("missing"));
    if (gone(a) || gone(b)) return gone(a) - gone(b); // what is missing stands last, either way
    if (number) return sign * (Number(a.dataset.value) - Number(b.dataset.value));
    return sign * collator.compare(a.textContent, b.textContent);
  };

  for (const table of all("main table")) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const headers = [...table.tHead.rows[0].cells];
    const collator = new Intl.Collator(table.closest("[lang]").lang, { numeric: true });
    headers.forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => {
        const number = header.dataset.number === "1";
        // numbers begin with the largest, names with the first; the third click gives the report's order
        const order = number ? ["descending", "ascending", null] : ["ascending", "descending", null];
        const next = order[(order.indexOf(header.getAttribute("aria-sort")) + 1) % 3];
        for (const other of headers) other.removeAttribute("aria-sort");
        let rows = original;
        if (next) {
          header.setAttribute("aria-sort", next);
          rows = [...original].sort(compare(column, number, next === "ascending" ? 1 : -1, collator));
        }
        body.append(...rows);
      });
    });
  }

  // ------------------------------------------------------------------ filters
  const words = (input) => (input ? input.value.toLowerCase().split(/\s+/).filter(Boolean) : []);
  const filter = (figure, global) => {
    const asked = [...global, ...words(figure.querySelector(".filter"))];
    const rows = all("tbody tr", figure);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !asked.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    const output = figure.querySelector("output");
    const told = figure.closest(".page").dataset.shown;
    const message = told.replace("{shown}", shown).replace("{all}", rows.length);
    if (output) output.textContent = asked.length ? message : "";
  };
  for (const page of all(".page")) {
    const everywhere = document.querySelector(`.everywhere[data-language="${page.dataset.language}"]`);
    const figures = all("figure.table", page);
    everywhere.addEventListener("input", () => {
      for (const figure of figures) filter(figure, words(everywhere));
    });
    for (const figure of figures) {
      const own = figure.querySelector(".filter");
      if (own) own.addEventListener("input", () => filter(figure, words(everywhere)));
    }
  }

  // ------------------------------------------------------------------ figures
  const hint = document.getElementById("hint");
  const hide = () => { hint.hidden = true; };
  const show = (mark, x, y) => {
    hint.textContent = mark.dataset.hint;
    hint.hidden = false;
    const box = hint.getBoundingClientRect();
    const left = Math.min(Math.max(8, x + 14), innerWidth - box.width - 8);
    const top = y - box.height - 12 < 8 ? y + 18 : y - box.height - 12;
    hint.style.left = `${Math.max(8, left)}px`;
    hint.style.top = `${top}px`;
  };
  const marks = all('.drawn [role="graphics-symbol"][aria-label]').filter(
    (mark) => /mark$|^$/.test(mark.getAttribute("aria-roledescription") ?? "")
      || ["point", "circle", "square", "bar", "rect"].includes(mark.getAttribute("aria-roledescription")),
  );
  for (const title of all(".drawn svg title")) {
    const owner = title.parentElement;
    if (owner.tagName === "svg") continue;
    owner.setAttribute("aria-label", title.textContent);
    title.remove(); // or the browser shows it a second time
    marks.push(owner);
  }
  for (const mark of marks) {
    mark.dataset.hint = mark.getAttribute("aria-label");
    mark.classList.add("told");
    mark.setAttribute("tabindex", "0");
    mark.addEventListener("pointerenter", (event) => show(mark, event.clientX, event.clientY));
    mark.addEventListener("pointermove", (event) => show(mark, event.clientX, event.clientY));
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("focus", () => {
      const box = mark.getBoundingClientRect();
      show(mark, box.x + box.width / 2, box.y);
    });
    mark.addEventListener("blur", hide);
  }
  addEventListener("scroll", hide, { passive: true, capture: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // ------------------------------------------------------------------ begin
  if (matchMedia("(max-width: 60rem)").matches) {
    for (const contents of all("nav details")) contents.open = false;
  }
  const first = wanted.find((language) => radios.some((r) => r.value === language));
  if (first) use(first);
})();
