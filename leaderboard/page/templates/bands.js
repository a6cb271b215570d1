// Band transfer: narrow bands kept alone or taken out, in-domain and cross-domain.

const WIDEST = Math.SQRT1_2; // the corner of the spectrum, cycles/pixel
const KINDS = {
  keep: { title: "Test AUC with this band alone", lines: "This band alone: in-domain and cross-domain" },
  stop: { title: "AUC lost without this band", lines: "Without this band: in-domain and cross-domain" },
};
const BAND_CELLS = new Map();
for (const row of ROWS) if (DATA.bands[row.run_id] && !BAND_CELLS.has(row.run_id)) BAND_CELLS.set(row.run_id, row);

const cellText = (row) => `${shortened(row.detector, 40)} ← ${shortened(row.train, 40)} · ${shortened(row.study, 30)}`;
const meanOf = (values) => (values.length && values.every(known) ? values.reduce((sum, value) => sum + value, 0) / values.length : null);
const clipped = (value) => Math.min(1, Math.max(0, value));
const pointwise = (auc, error) => (known(auc) && known(error) ? [clipped(auc - 1.96 * error), clipped(auc + 1.96 * error)] : [null, null]);

// What is known of a cell on the chosen test domains; the in-domain column, which the evidence is of, always is among them.
function bandsOf(run) {
  const told = DATA.bands[run];
  const choice = choiceOf();
  if (!choice || !told) return told;
  const kept = told.domains.map((_, i) => i).filter((i) => !i || choice.domains.has(told.domains[i]));
  const of = (values) => kept.map((i) => values[i]);
  const sweeps = Object.keys(KINDS).filter((kind) => told[kind]).map((kind) => [kind, told[kind].map(([low, high, aucs, errors]) => [low, high, of(aucs), of(errors)])]);
  const isAbout = (places) => places.every((i) => kept.includes(i));
  return { ...told, domains: of(told.domains), allpass: of(told.allpass), ...Object.fromEntries(sweeps), sentences: told.sentences.filter((_, i) => isAbout(told.about[i])) };
}

function bandChoices() {
  const keys = [...BAND_CELLS.keys()];
  const left = BAND_CELLS.has(state.cell) ? state.cell : keys[0];
  if (state.cell2 === "none") return [left, ""];
  if (BAND_CELLS.has(state.cell2)) return [left, state.cell2];
  const [one, others] = [BAND_CELLS.get(left), keys.filter((key) => key !== left)];
  const alike = (name) => others.find((key) => BAND_CELLS.get(key)[name] === one[name] && BAND_CELLS.get(key).study === one.study);
  return [left, alike("train") ?? alike("detector") ?? ""];
}

function drawBands() {
  const maps = document.getElementById("band-maps");
  document.getElementById("no-bands").hidden = BAND_CELLS.size > 0;
  document.getElementById("band-choices").hidden = !BAND_CELLS.size;
  if (!BAND_CELLS.size) return void maps.replaceChildren();
  const [left, right] = bandChoices();
  const options = [...BAND_CELLS].map(([key, row]) => [key, cellText(row)]);
  fillOptions(document.getElementById("cell"), options, left);
  fillOptions(document.getElementById("cell2"), [["none", "none"], ...options], right || "none");
  const shown = [...new Set([left, right])].filter(Boolean);
  const scales = { limit: lossLimit(shown), ...Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, lineRange(shown, kind)])) };
  const cells = shown.map((key) => bandPanel(BAND_CELLS.get(key), bandsOf(key), scales));
  maps.className = cells.length > 1 ? "two" : "";
  maps.replaceChildren(...cells.map((one) => one.figure));
  for (const chart of cells.flatMap((one) => one.charts)) chart.draw();
}

function showBands(run) {
  Object.assign(state, { cell: run, cell2: "none" });
  goTo("bands");
  drawBands();
}

function bandPanel(row, told, scales) {
  const charts = [];
  const parts = Object.entries(KINDS).filter(([kind]) => told[kind]).flatMap(([kind, { title, lines }]) => {
    charts.push(chart(lines, `${lines}: AUC against frequency, ${shortened(row.detector, 60)} trained on ${shortened(row.train, 60)}; the numbers are in the map above`, "bands", () => inAndCrossDomain(told, kind), (layout) => alignLines(layout, told[kind], scales[kind])));
    const map = element("div", { class: "band-part" }, element("h4", {}, title), bandScale(kind, scales.limit), bandMap(row, told, kind, scales.limit));
    return [map, charts.at(-1).figure];
  });
  const figure = element("div", { class: "band-cell" }, element("h3", { dir: "auto" }, cellText(row)),
    element("ul", { class: "band-words" }, told.sentences.map((text) => element("li", { dir: "auto" }, shortened(text, 600)))), ...parts);
  return { figure, charts };
}

// --- maps -------------------------------------------------------------------------------------------------------------

const lossOf = (told, auc, i) => (known(told.allpass[i]) && known(auc) ? told.allpass[i] - auc : null);

// One colour scale for the maps that stand side by side.
function lossLimit(keys) {
  let most = 0.1;
  for (const told of keys.map(bandsOf)) for (const [, , aucs] of told.stop ?? []) aucs.forEach((auc, i) => { most = Math.max(most, Math.abs(lossOf(told, auc, i) ?? 0)); });
  return Math.ceil(most * 10 - 1e-9) / 10;
}

function bandScale(kind, limit) {
  const texts = kind === "keep" ? undefined : [`−${limit.toFixed(1)} (gains)`, `${limit.toFixed(1)} lost`, "· relative to all frequencies"];
  return element("p", { class: "scale", "aria-hidden": "true" }, scaleParts(texts));
}

// A column reaches half way to the centres of its neighbours, so that the axis below is a real one.
function columnEdges(bands) {
  const centres = bands.map(([low, high]) => (low + high) / 2);
  const between = centres.slice(1).map((centre, i) => (centre + centres[i]) / 2);
  return [Math.max(0, 2 * centres[0] - between[0]), ...between, Math.min(WIDEST, 2 * centres.at(-1) - between.at(-1))];
}

function bandMap(row, told, kind, limit) {
  const bands = told[kind];
  const edges = columnEdges(bands);
  const span = edges.at(-1) - edges[0];
  const columns = bands.map((_, i) => { const column = element("col"); column.style.width = `calc((100% - var(--names)) * ${((edges[i + 1] - edges[i]) / span).toFixed(5)})`; return column; });
  const names = element("col");
  names.style.width = "var(--names)";
  const body = told.domains.map((domain, i) => element("tr", { class: i ? null : "home" }, element("th", { scope: "row" }, nameOf(domain), i ? "" : element("span", { class: "sub" }, told.home === "val" ? "in-domain, validation" : "in-domain")),
    bands.map((band) => bandTile(told, kind, band, i, limit))));
  const head = element("thead", { class: "unseen" }, element("tr", {}, element("td"), bands.map(([low, high]) => element("th", { scope: "col" }, `${low.toFixed(3)} to ${high.toFixed(3)}`))));
  const table = element("table", { class: "band-map", "aria-label": `${KINDS[kind].title}, ${shortened(row.detector, 60)} trained on ${shortened(row.train, 60)}; columns are bands in cycles per pixel` }, element("colgroup", {}, names, columns), head, element("tbody", {}, body));
  table.querySelector("tbody td")?.setAttribute("tabindex", "0");
  table.addEventListener("keydown", walk);
  return element("div", {}, element("div", { class: "band-frame" }, table, bandAxis(edges[0], span), element("p", { class: "axis-title", "aria-hidden": "true" }, "centre of the band (cycles/pixel)")));
}

function bandTile(told, kind, [low, high, aucs, errors], i, limit) {
  const [from, to] = pointwise(aucs[i], errors[i]);
  const lost = lossOf(told, aucs[i], i);
  const share = kind === "keep" ? aucs[i] : known(lost) ? 0.5 + lost / (2 * limit) : null;
  const parts = [shortened(told.domains[i], 80), `${low.toFixed(3)}–${high.toFixed(3)} cycles/pixel ${kind === "keep" ? "kept" : "removed"}`,
    known(aucs[i]) ? `AUC ${aucText(aucs[i])}${between(from, to) ? ` (${between(from, to)})` : ", no interval"}` : "not measured"];
  if (kind === "stop" && known(aucs[i])) parts.push(known(lost) ? `${signed(-lost)} relative to all frequencies (${fixed(told.allpass[i])})` : "all-pass: not measured");
  const td = element("td", { class: known(share) ? null : "none", tabindex: "-1", "data-about": parts.join("\n"), "aria-label": parts.join(", ") });
  if (known(share)) td.style.background = `rgb(${shade(share).join(",")})`;
  return td;
}

function bandAxis(first, span) {
  const ticks = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7].filter((f) => f >= first && f <= first + span);
  return element("div", { class: "band-axis", "aria-hidden": "true" }, ticks.map((f) => {
    const tick = element("span", { class: f === 0.5 ? "nyquist" : null }, f.toFixed(1));
    tick.style.left = `${(100 * (f - first)) / span}%`;
    return tick;
  }));
}

// --- lines ------------------------------------------------------------------------------------------------------------

// The error of the cross-domain mean is the mean of the standard errors, its upper bound under any dependence of the domains.
function inAndCrossDomain(told, kind) {
  const bands = told[kind];
  const abroad = (values) => meanOf(values.slice(1));
  const home = withInterval(bands, (band) => [band[2][0], band[3][0]], "in-domain", 0, "solid");
  if (told.domains.length < 2) return home;
  const other = withInterval(bands, (band) => [abroad(band[2]), abroad(band[3])], told.domains.length > 2 ? `mean of ${told.domains.length - 1} other domains` : "the other domain", 1, "dash");
  return [...home, ...other, ...allLines(told, kind, abroad(told.allpass))];
}

function withInterval(bands, of, name, i, dash) {
  const x = bands.map(([low, high]) => (low + high) / 2);
  const points = bands.map(of);
  const bounds = points.map(([auc, error]) => pointwise(auc, error));
  const rgb = (isDark() ? ON_DARK : ON_LIGHT)[i].match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16)).join(",");
  const area = { type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...bounds.map((b) => b[0]), ...bounds.map((b) => b[1]).reverse()], fill: "toself", fillcolor: `rgba(${rgb},.2)`, line: { width: 0 }, hoverinfo: "skip", showlegend: false };
  const text = bands.map(([low, high], k) => `${name}<br>${low.toFixed(3)}–${high.toFixed(3)} cycles/pixel<br>AUC ${fixed(points[k][0])} (${between(...bounds[k]) || "no interval"})`);
  const line = { type: "scatter", mode: "lines", x, y: points.map(([auc]) => auc), name, line: { color: colour(i), dash, width: 2 }, hoverinfo: "text", text };
  return bounds.every((b) => b.every(known)) ? [area, line] : [line];
}

// Kept alone, a band is held against chance; taken out, against all frequencies.
function allLines(told, kind, abroad) {
  const level = (y, name, i) => ({ type: "scatter", mode: "lines", x: [0, WIDEST], y: [y, y], name, line: { dash: "dot", width: 1.2, color: colour(i) }, hoverinfo: "skip" });
  if (kind === "keep") return [{ ...level(0.5, "chance", 0), line: { dash: "dot", width: 1, color: colourOf("--quiet") }, showlegend: false }];
  return [...(known(told.allpass[0]) ? [level(told.allpass[0], "all frequencies, in-domain", 0)] : []), ...(known(abroad) ? [level(abroad, "all frequencies, cross-domain", 1)] : [])];
}

// The lines of both sides in one range, above and below them as the maps.
function lineRange(keys, kind) {
  const values = [];
  for (const told of keys.map(bandsOf)) for (const [, , aucs, errors] of told[kind] ?? []) {
    values.push(...pointwise(aucs[0], errors[0]), ...pointwise(meanOf(aucs.slice(1)), meanOf(errors.slice(1))), aucs[0], meanOf(aucs.slice(1)));
    values.push(...(kind === "stop" ? [told.allpass[0], meanOf(told.allpass.slice(1))] : []));
  }
  const sure = values.filter(known);
  return sure.length ? [Math.min(...sure) - 0.02, Math.max(...sure) + 0.02] : [0, 1];
}

// The frequency axis of the lines lies under that of the map.
function alignLines(layout, bands, range) {
  const edges = columnEdges(bands);
  const names = parseFloat(getComputedStyle(document.documentElement).fontSize) * (innerWidth <= 640 ? 5.6 : 9.5);
  Object.assign(layout.xaxis, { range: [edges[0], edges.at(-1)], automargin: false, dtick: 0.1, tickformat: ".1f" });
  Object.assign(layout.yaxis, { range, automargin: false });
  layout.margin = { ...layout.margin, l: names, r: 0, b: 88 };
  layout.legend = { ...layout.legend, y: -0.27 };
}
