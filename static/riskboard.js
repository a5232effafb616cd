// Everything here only adds: each page is complete without it.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Theme: the first click leaves the system's choice, and the browser remembers it.
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
for (const button of all("[data-theme-switch]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* only this page, then */ }
    document.dispatchEvent(new Event("themechange"));
  });
}

// Dialogs: a link to a full page opens the dialog that holds the same form.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (event.target.closest("[data-close]")) {
    const dialog = event.target.closest("dialog");
    if (dialog) { event.preventDefault(); dialog.close(); }
  }
  if (event.target.closest("[data-print]")) print();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});
for (const dialog of all("dialog[data-open]")) dialog.showModal();

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  const words = button.querySelector("span") ?? button;
  try {
    await navigator.clipboard.writeText(field.value);
    words.textContent = "Copied";
  } catch {
    field.select(); // no permission: the text is selected, and one key copies it
    words.textContent = "Press Ctrl+C";
  }
}
for (const button of all("[data-print], [data-copy]")) button.hidden = false;

// Print: what is folded is opened, and folded again after.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details.finding:not([open])");
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => { for (const details of opened) details.open = false; });

// A link into a folded finding opens it.
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

// Errors: the summary takes the focus, so that it is read first.
document.querySelector(".error-summary")?.focus();

// Contents: the part in view is marked.
const entries = new Map(all(".contents a[href^='#']").map((a) => [a.getAttribute("href").slice(1), a]));
if (entries.size) {
  const seen = new IntersectionObserver((changes) => {
    for (const change of changes) {
      if (!change.isIntersecting) continue;
      for (const a of entries.values()) a.removeAttribute("aria-current");
      entries.get(change.target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70%" });
  for (const id of entries.keys()) {
    const part = document.getElementById(id);
    if (part) seen.observe(part);
  }
}

// Upload: each chosen file becomes a row that can be taken away again.
function bytes(n) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (n >= 1000 && unit < 3) { n /= 1000; unit += 1; }
  return `${n.toFixed(unit && n < 10 ? 1 : 0)} ${units[unit]}`;
}
for (const area of all(".drop")) {
  const input = area.querySelector("input[type=file]");
  const list = document.getElementById(input.dataset.files);
  const show = () => {
    list.replaceChildren(...[...input.files].map((file, place) => {
      const row = document.createElement("li");
      row.className = "file";
      const sign = area.querySelector("svg").cloneNode(true);
      sign.setAttribute("width", 20);
      sign.setAttribute("height", 20);
      const text = document.createElement("div");
      const name = document.createElement("b");
      name.textContent = file.name;
      const size = document.createElement("p");
      size.textContent = `${bytes(file.size)}, not saved yet`;
      text.append(name, size);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "btn quiet";
      remove.textContent = "Remove";
      remove.setAttribute("aria-label", `Remove ${file.name}`);
      remove.addEventListener("click", () => {
        const rest = new DataTransfer();
        [...input.files].forEach((kept, i) => { if (i !== place) rest.items.add(kept); });
        input.files = rest.files;
        show();
        input.focus();
      });
      row.append(sign, text, remove);
      return row;
    }));
  };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) area.addEventListener(kind, () => area.classList.add("over"));
  for (const kind of ["dragleave", "drop"]) area.addEventListener(kind, () => area.classList.remove("over"));
}

// Live page titles: a partial that knows how far a run is says so in data-title.
document.addEventListener("htmx:afterSettle", () => {
  const titled = document.querySelector("[data-title]");
  if (titled) document.title = titled.dataset.title;
});

// Live charts: Plotly draws the same figure over the SVG, on wide screens, when it comes near the view.
const charts = () => all(".chart[data-figure]");
const plotlySource = document.body.dataset.plotly;
let plotly;

function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlySource;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return plotly;
}

// The figures come in one answer, when the first of them is drawn.
let figures;
function loadFigures() {
  figures ??= fetch(document.body.dataset.figures).then((answer) => {
    if (!answer.ok) throw new Error(`The figures did not come (${answer.status}).`);
    return answer.json();
  });
  return figures;
}

// Colours are asked of an element. Its id is the one under which the map library inside Plotly would add
// a style element, which the content rules refuse; it looks first whether that id is taken.
const swatch = document.createElement("i");
swatch.id = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";
function colour(name) {
  swatch.style.color = name;
  return getComputedStyle(swatch).color;
}
function resolved(value) {
  if (typeof value === "string") return value.startsWith("var(--") ? colour(value) : value;
  if (Array.isArray(value)) return value.map(resolved);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
  }
  return value;
}

async function draw(chart) {
  const [found, Plotly] = await Promise.all([loadFigures(), loadPlotly()]);
  const figure = resolved(found[chart.dataset.figure]);
  const still = chart.querySelector("svg.wide-only");
  let plot = chart.querySelector(".plot");
  if (!plot) {
    plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", still.getAttribute("aria-label") ?? "");
    plot.append(document.createElement("div"));
    chart.append(plot);
  }
  // Drawn at the size it was laid out for, then scaled as the SVG is: labels keep clear of lines alike.
  // The box around it is as large as the SVG and shares its place, however the card grows.
  const box = still.getBoundingClientRect();
  const inner = plot.firstElementChild;
  plot.style.width = `${box.width}px`;
  plot.style.height = `${box.height}px`;
  inner.style.transform = `scale(${box.width / figure.layout.width})`;
  const layout = { ...figure.layout, autosize: false };
  await Plotly.react(inner, figure.data, layout, { displayModeBar: false, responsive: false, scrollZoom: false });
  chart.classList.add("live");
}

let watch = () => {};
if (charts().length && plotlySource && !navigator.connection?.saveData) {
  const wide = matchMedia("(min-width: 768px)");
  const live = new Set();
  const near = new IntersectionObserver((changes) => {
    for (const { isIntersecting, target } of changes) {
      if (!isIntersecting || !wide.matches || live.has(target)) continue;
      live.add(target);
      draw(target).catch(() => target.classList.remove("live")); // the SVG stays
    }
  }, { rootMargin: "300px" });
  document.body.append(swatch);
  swatch.hidden = true;
  watch = () => { for (const chart of charts()) near.observe(chart); };
  addEventListener("load", watch);
  const again = () => { for (const chart of live) if (wide.matches) draw(chart); else chart.classList.remove("live"); };
  document.addEventListener("themechange", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let timer;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(again, 150); });
}

// Folded figures come from their own page when somebody unfolds them; without them the link stays.
for (const place of all("[data-more]")) {
  place.closest("details").addEventListener("toggle", async () => {
    try {
      const answer = await fetch(place.dataset.more);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceWith(...page.querySelector(place.dataset.part ?? "[data-rows]").children);
      watch();
    } catch { /* the link stays */ }
  }, { once: true });
}
