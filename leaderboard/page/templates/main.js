// Puts the parts together and listens.

const at = (id) => document.getElementById(id);

function drawNotes() {
  const list = (texts) => element("ul", {}, texts.map((text) => element("li", { dir: "auto" }, text)));
  const [parts, choice] = [[], choiceOf()];
  const notes = choice ? chosenNotes(choice) : DATA.notes;
  if (notes.length) parts.push(element("details", { open: notes.length < 6 }, element("summary", {}, counted(notes.length, "note on the rows", "notes on the rows")), list(notes.slice(0, 200))));
  if (DATA.refused.length) parts.push(element("details", { open: true }, element("summary", {}, `${counted(DATA.refused.length, "recorded run")} refused`), list(DATA.refused.slice(0, 200))));
  at("notes").replaceChildren(...parts);
}

function drawGlossary() {
  const lines = COLUMNS.map((column) => [column.head.replaceAll("\n", " "), column.about]);
  lines.push(...Object.values(DATA.described.marks).map(({ label, meaning }) => [`mark “${label}”`, meaning]));
  lines.push(["sets", "Rows whose headline is a mean over the same test pictures. Only such rows are compared; ranks and frontiers are computed within a set."], ["in-domain (home), cross-domain (abroad)", "Tested on the training domain, and on other domains."], ["–", "Not measured. A mean with a missing value is missing too."]);
  at("glossary").replaceChildren(...lines.flatMap(([head, about]) => [element("dt", {}, head), element("dd", {}, about)]));
}

function drawCounts() {
  const n = (values) => new Set(values).size;
  at("counts").textContent = [counted(ROWS.length, "row"), counted(n(ROWS.map((r) => r.detector)), "detector"), counted(n(ROWS.map((r) => r.train)), "training domain"), counted(DATA.domains.length, "test domain"), counted(n(ROWS.map((r) => r.study).filter(Boolean)), "study", "studies")].join(" · ");
}

function drawEverything() {
  drawChoice();
  drawNotes();
  drawRanking();
  drawFilters();
  drawTable();
  drawMaps();
  drawReals();
  drawBands();
  drawCarriers();
  drawTime();
  drawCost();
  drawRow();
}

function goTo(part) {
  if (!at(part + "-title")) return;
  if (state.row) { Object.assign(state, { row: "", with: "", on: "" }); drawRow(); }
  state.part = part === "table" ? "" : part;
  writeAddress();
  at(part).scrollIntoView();
  at(part + "-title").focus({ preventScroll: true });
}

function listen() {
  const filtered = () => { state.page = "1"; drawTable(); drawCost(); };
  let waiting = 0;
  at("q").addEventListener("input", (event) => { state.q = event.target.value; clearTimeout(waiting); waiting = setTimeout(filtered, 120); });
  for (const name of ["detector", "data", "view", "study", "role", "origin"]) at(name).addEventListener("change", (event) => { state[name] = event.target.value; filtered(); });
  at("apart").addEventListener("change", (event) => { state.apart = event.target.checked ? "1" : ""; filtered(); });
  at("size").addEventListener("change", (event) => { state.size = event.target.value; state.page = "1"; drawTable(); });
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  at("reset").addEventListener("click", () => { Object.assign(state, DEFAULTS, { left: state.left, right: state.right, test: state.test, against: state.against }); drawFilters(); filtered(); });
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const [name, again] of [["left", drawMaps], ["right", drawMaps], ["cell", drawBands], ["cell2", drawBands]]) at(name).addEventListener("change", (event) => { state[name] = event.target.value; writeAddress(); again(); });
  at("time-train").addEventListener("change", (event) => { state.time = event.target.value; writeAddress(); drawTime(); });
  at("cost-set").addEventListener("change", (event) => { state.set = event.target.value; writeAddress(); drawCost(); });
  at("downloads").addEventListener("click", (event) => event.target.dataset.form && offer(event.target.dataset.form));
  for (const link of document.querySelectorAll("a[data-part]")) link.addEventListener("click", (event) => { event.preventDefault(); goTo(link.dataset.part); });
  for (const [event, leave] of [["pointerover", false], ["focusin", false], ["pointerout", true], ["focusout", true]]) for (const map of ["heat", "reals-maps", "band-maps", "carrier-tables", "detail"]) at(map).addEventListener(event, (told) => showTip(leave ? null : told.target.closest("td[data-about]")));
  let resized = 0;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => drawn.get(at("pareto"))?.(), 150); }); // names find new places
  addEventListener("keydown", escape);
  addEventListener("click", (event) => { for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false; });
  for (const menu of document.querySelectorAll("details.menu")) menu.addEventListener("toggle", () => { if (menu.open) keepInView(menu.lastElementChild); });
  addEventListener("popstate", () => { readAddress(); redraw(); });
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  at("theme").addEventListener("click", nextTheme);
  listenToChoice();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
}

function keepInView(panel) { // a button that has wrapped to the left has no room for a panel that ends at its right edge
  panel.style.translate = "";
  const { left, right } = panel.getBoundingClientRect();
  const most = document.documentElement.clientWidth - 8;
  panel.style.translate = `${Math.max(8 - left, Math.min(0, most - right))}px`;
}

function turn(step) {
  state.page = String(Number(state.page) + step);
  drawTable();
  at("table-region").scrollTop = 0;
}

function escape(event) {
  if (event.key !== "Escape") return;
  showTip(null);
  for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
}

// --- light and dark ---------------------------------------------------------------------------------------------------

const THEMES = ["", "light", "dark"];

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  at("theme").textContent = `Theme: ${theme || "system"}`;
}

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "";
  setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  try { localStorage.setItem("bandbench-theme", document.documentElement.dataset.theme ?? ""); } catch { /* a page from disk may have no store */ }
  recolour();
}

let themeOnScreen = "";

// Paper is white and has no second page of a table to turn to.
function onPaper(begins) {
  if (begins) themeOnScreen = document.documentElement.dataset.theme ?? "";
  everyRow = begins;
  // Charts are drawn for the width of the paper.
  document.documentElement.classList.toggle("paper", begins);
  setTheme(begins ? "light" : themeOnScreen);
  drawTable();
  fitTable(begins);
  for (const target of drawn.keys()) globalThis.Plotly?.purge(target); // or they keep their width
  recolour();
  if (globalThis.Plotly) { drawTime(); drawCost(); }
}

// A table that is wider than the paper is drawn smaller, since paper does not scroll.
function fitTable(onPaper) {
  const table = at("rows");
  table.style.zoom = "";
  if (onPaper) table.style.zoom = Math.min(1, at("table-region").clientWidth / table.scrollWidth);
}

function recolour() {
  drawMaps();
  drawReals();
  drawBands();
  drawCarriers();
  drawAgain();
}

async function start() {
  let theme = "";
  try { theme = localStorage.getItem("bandbench-theme") ?? ""; } catch { /* as above */ }
  setTheme(THEMES.includes(theme) ? theme : "");
  readAddress();
  await applyChoice();
  drawCounts();
  drawNotes();
  drawRanking();
  drawGlossary();
  listen();
  drawChoice();
  drawFilters();
  drawTable();
  drawMaps();
  drawReals();
  drawRow();
  // Charts come after the first picture of the table.
  requestAnimationFrame(() => setTimeout(async () => {
    await library("chart-library");
    drawAgain();
    drawBands();
    drawCarriers();
    drawTime();
    drawCost();
    if (state.part && !state.row) goTo(state.part);
    document.documentElement.dataset.ready = "yes";
  }));
}

start();
