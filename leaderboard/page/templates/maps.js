// Train x test heat maps: real tables, so that they can be read aloud, copied and walked through with the arrow keys.

const LIGHT = [[178, 24, 43], [247, 247, 247], [33, 102, 172]];
const DARK = [[214, 96, 77], [44, 50, 57], [90, 160, 220]];

function shade(share) {
  const [low, middle, high] = isDark() ? DARK : LIGHT;
  const [from, to, part] = share < 0.5 ? [low, middle, share * 2] : [middle, high, share * 2 - 1];
  return from.map((start, i) => Math.round(start + (to[i] - start) * Math.min(1, Math.max(0, part))));
}

function luminance(colour) {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Black or white, whichever is told apart better from its background.
const textOn = (colour) => (luminance(colour) > 0.179 ? "#000" : "#fff");

const series = (row) => JSON.stringify([row.detector, row.study, row.role, row.role === "fixed" ? row.band : ""]);
const SERIES = new Map();
for (const row of ROWS) SERIES.set(series(row), [...(SERIES.get(series(row)) ?? []), row]);

function seriesText(key) {
  const [detector, study, role, band] = JSON.parse(key);
  const which = role === "chosen" ? "chosen bands" : role === "allpass" ? "all frequencies" : band;
  return [shortened(detector, 40), which, shortened(study, 30)].filter(Boolean).join(" · ");
}

function heatChoices() {
  const keys = [...SERIES.keys()];
  const chosen = keys.find((key) => JSON.parse(key)[2] === "chosen");
  const first = SERIES.has(state.left) ? state.left : chosen ?? keys[0];
  const [detector, study, role] = JSON.parse(first ?? "[]");
  const other = keys.find((key) => { const [d, s, r] = JSON.parse(key); return d !== detector && s === study && r === role; });
  return [first, SERIES.has(state.right) ? state.right : other ?? keys.find((key) => key !== first) ?? first];
}

function drawMaps() {
  const [left, right] = heatChoices();
  if (!left) return;
  const options = [...SERIES.keys()].map((key) => [key, seriesText(key)]);
  fillOptions(document.getElementById("left"), options, left);
  fillOptions(document.getElementById("right"), options, right);
  const rows = [...SERIES.get(left), ...SERIES.get(right)];
  const domains = DATA.domains.filter((name) => rows.some((row) => row.tests.some((test) => test.domain === name)));
  const trains = [...new Set(rows.map((row) => row.train))];
  const cells = [left, right].map((key) => cellsOf(SERIES.get(key)));
  const isHome = (train, name) => homes(rows, train).has(name);
  const heat = document.getElementById("heat");
  heat.replaceChildren(heatTable(seriesText(left), trains, domains, (train, name) => aucCell(cells[0], train, name), undefined, undefined, isHome));
  if (left !== right) heat.append(
    heatTable(seriesText(right), trains, domains, (train, name) => aucCell(cells[1], train, name), undefined, undefined, isHome),
    heatTable("Difference: left minus right", trains, domains, (train, name) => differenceCell(cells, train, name), ["−1", "1", "· middle: no difference"], undefined, isHome));
  drawScale();
}

function cellsOf(rows) {
  const found = new Map();
  for (const row of rows) for (const test of row.tests) {
    const key = JSON.stringify([row.train, test.domain]);
    if (!found.has(key)) found.set(key, { ...test, row });
  }
  return (train, name) => found.get(JSON.stringify([train, name]));
}

// Test domains that show the pictures of a training: of a pool, several.
function homes(rows, train) {
  return rows.find((row) => row.train === train)?.home ?? new Set();
}

function aucCell(cells, train, name) {
  const test = cells(train, name);
  const about = `trained on ${shortened(train, 80)}\ntested on ${shortened(name, 80)}`;
  if (!test || !known(test.auc)) return { text: "–", about: about + "\nnot measured" };
  const bounds = between(test.auc_lo, test.auc_hi);
  return { text: aucText(test.auc, 2), share: test.auc,
    about: `${about}\nAUC ${aucText(test.auc)}${bounds ? ` (${bounds})` : ""}${known(test.n) ? `\n${counted(test.n, "picture")}, coverage ${percent(test.coverage)}` : ""}` };
}

function differenceCell(cells, train, name) {
  const [a, b] = cells.map((side) => side(train, name));
  const about = `trained on ${shortened(train, 80)}\ntested on ${shortened(name, 80)}`;
  if (!a || !b || !known(a.auc) || !known(b.auc)) return { text: "–", about: about + "\nnot measured on both sides" };
  const apart = a.auc_lo > b.auc_hi || b.auc_lo > a.auc_hi ? "the 95 % intervals do not overlap" : "the 95 % intervals overlap";
  return { text: signed(a.auc - b.auc, 2), share: 0.5 + (a.auc - b.auc) / 2, about: `${about}\n${aucText(a.auc)} minus ${aucText(b.auc)}: ${signed(a.auc - b.auc)}\n${apart}` };
}

function heatTable(title, lines, columns, cellOf, ends, corner = "trained on ↓ tested on →", isFramed = (line, name) => line === name, headOf = nameOf) {
  const head = element("tr", {}, element("td", { class: "corner" }, element("span", { class: "sub" }, corner)),
    columns.map((name) => element("th", { scope: "col" }, nameOf(name))));
  const body = lines.map((line) => element("tr", {}, element("th", { scope: "row" }, headOf(line)),
    columns.map((name) => heatCell(cellOf(line, name), isFramed(line, name)))));
  const table = element("table", { "aria-label": title }, element("thead", {}, head), element("tbody", {}, body));
  table.querySelector("tbody td")?.setAttribute("tabindex", "0");
  table.addEventListener("keydown", walk);
  return element("div", { class: "heat" }, element("h3", { dir: "auto" }, title), element("p", { class: "scale print-only", "aria-hidden": "true" }, scaleParts(ends)), table);
}

function heatCell(cell, home) {
  const colour = known(cell.share) ? shade(cell.share) : null;
  const td = element("td", { class: [home && "home", !colour && "none"].filter(Boolean).join(" ") || null, "data-about": cell.about, tabindex: "-1" }, cell.text);
  if (colour) {
    td.style.background = `rgb(${colour.join(",")})`;
    td.style.color = textOn(colour);
  }
  td.setAttribute("aria-label", cell.about.replaceAll("\n", ", "));
  return td;
}

function walk(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  if (!step || event.target.tagName !== "TD") return;
  event.preventDefault();
  const line = event.target.parentElement.parentElement.rows[event.target.parentElement.sectionRowIndex + step[0]];
  const next = line?.cells[event.target.cellIndex + step[1]];
  if (next?.tagName !== "TD") return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// On paper every map has its own scale, so that no page has a map without one.
function scaleParts([low, high, middle] = ["AUC 0 (inverted)", "1", "· middle: 0.5, chance"]) {
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${shade(share).join(",")})`).join(",");
  const bar = element("i");
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return [low, bar, high, element("span", {}, middle)];
}

function drawScale() {
  document.getElementById("scale").replaceChildren(...scaleParts());
}

function showTip(target) {
  const tip = document.getElementById("tip");
  if (!target) return void (tip.hidden = true);
  tip.textContent = target.dataset.about;
  tip.hidden = false;
  const [cell, own] = [target.getBoundingClientRect(), tip.getBoundingClientRect()];
  tip.style.left = `${Math.max(4, Math.min(cell.left, innerWidth - own.width - 4))}px`;
  tip.style.top = `${cell.bottom + own.height + 8 < innerHeight ? cell.bottom + 6 : Math.max(4, cell.top - own.height - 6)}px`;
}
