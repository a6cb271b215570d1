// Charts, drawn by Plotly into frames that came with the data.

// After Okabe and Ito, told apart by colour-blind readers too; lighter where the page is dark. Lines and marks differ as well.
const ON_LIGHT = ["#0072b2", "#d55e00", "#00835f", "#b0558a", "#9a6a00", "#2f86b8"];
const ON_DARK = ["#5db4ec", "#ff8f4d", "#2fc79b", "#e6a3cb", "#efb73e", "#a9dcff"];
const colour = (i) => (isDark() ? ON_DARK : ON_LIGHT)[i % ON_LIGHT.length];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x"];
const drawn = new Map(); // by element: what draws it again when the theme changes

const lineOf = (i) => ({ color: colour(i), dash: DASHES[Math.floor(i / ON_LIGHT.length + i) % DASHES.length], width: 2 });

function themed(name) {
  const layout = structuredClone(DATA.layouts[name]);
  const [ink, quiet, rule] = [colourOf("--ink"), colourOf("--quiet"), colourOf("--grid")];
  Object.assign(layout, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, family: "system-ui, sans-serif", size: 12 } });
  layout.hoverlabel = { bgcolor: ink, bordercolor: ink, font: { color: colourOf("--back") }, align: "left" };
  for (const axis of [layout.xaxis, layout.yaxis]) Object.assign(axis, { gridcolor: rule, linecolor: quiet, tickcolor: quiet });
  for (const shape of layout.shapes ?? []) shape.line.color = quiet;
  return layout;
}

function draw(target, name, traces, change = () => {}, after = () => {}) {
  const frame = () => { const layout = themed(name); change(layout); return layout; };
  const again = () => {
    Plotly.react(target, traces(), frame(), { displayModeBar: false, responsive: true, showTips: false });
    after();
  };
  again.figure = () => ({ data: traces(), layout: frame() });
  drawn.set(target, again);
  if (globalThis.Plotly) again(); // else once it is there
}

function drawAgain() {
  for (const [target, again] of drawn) {
    if (target.isConnected) again();
    else drawn.delete(target);
  }
}

function chart(title, about, name, traces, change) {
  const target = element("div", { class: "chart", role: "img", "aria-label": about });
  const head = element("div", { class: "chart-head" }, element("h3", {}, title), saveButton(target, about));
  return { figure: element("figure", { class: "panel" }, head, target), draw: () => draw(target, name, traces, change) };
}

// --- charts as files --------------------------------------------------------------------------------------------------

// In a column of 3.3 inches, 440 pixels wide, letters of 13 pixels are 7 points high.
const SVG_SIZE = { width: 440, height: 340 };
const SVG_LETTERS = 13;

function saveButton(target, about) {
  return element("button", { type: "button", class: "save screen-only", "aria-label": `Save as SVG: ${about}`, on: { click: () => saveSvg(target, about) } }, "SVG");
}

// On paper: light, whatever the screen is.
function onLight(make) {
  const theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  try { return make(); } finally {
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

async function saveSvg(target, about) {
  const again = drawn.get(target);
  if (!again || !globalThis.Plotly) return;
  const figure = onLight(() => structuredClone(again.figure()));
  const { layout } = figure;
  layout.font.size = SVG_LETTERS;
  layout.margin = { ...layout.margin, l: Math.min(layout.margin.l, 62), r: 14 };
  for (const axis of [layout.xaxis, layout.yaxis]) axis.automargin = true;
  layout.annotations = target.id === "pareto" ? onLight(() => costLabels(layout, { w: SVG_SIZE.width - 86, h: SVG_SIZE.height - 70 }, SVG_LETTERS))
    : (layout.annotations ?? []).map((one) => ({ ...one, font: { ...one.font, size: SVG_LETTERS } }));
  const address = await Plotly.toImage(figure, { format: "svg", ...SVG_SIZE });
  download(`${fileName(about.slice(0, 60))}.svg`, "image/svg+xml", decodeURIComponent(address.slice(address.indexOf(",") + 1)));
}

// --- cost -------------------------------------------------------------------------------------------------------------

// What the detector alone takes; a row that brought its scores knows the whole only, with decoding.
const costOf = (row) => row.score_ms ?? row.ms_per_picture;
const whole = (row) => !known(row.score_ms);
const priced = (row) => known(row.headline) && known(costOf(row)) && costOf(row) > 0;
const costText = (row) => `${milliseconds(costOf(row))} ms${whole(row) ? ", decoding included" : ""}`;

function frontierOf(rows) {
  const ordered = rows.filter(isContestant).sort((a, b) => costOf(a) - costOf(b) || b.headline - a.headline);
  let best = -Infinity;
  return ordered.filter((row) => row.headline > best && ((best = row.headline), true));
}

function frontierHead(rows, best) {
  if (!rows.length) return "No row has both a cost and an AUC.";
  if (!best.length) return "No row is on the frontier: all are controls, have random encoders, or have learned nothing.";
  return `On the frontier, ${DATA.sets[rows[0].set].abroad ? "by mean cross-domain AUC" : "by in-domain AUC"}:`;
}

let costRows = [];

function drawCost() {
  const rows = passing().filter(priced);
  const target = document.getElementById("pareto");
  const sets = new Map();
  for (const row of rows) sets.set(row.set, (sets.get(row.set) ?? 0) + 1);
  const options = [...sets].sort((a, b) => b[1] - a[1]).map(([set, n]) => [String(set), `${DATA.sets[set].name}: ${counted(n, "row")}, ${shortened(DATA.sets[set].domains.join(", "), 70)}`]);
  fillOptions(document.getElementById("cost-set"), options, state.set);
  const mine = rows.filter((row) => String(row.set) === document.getElementById("cost-set").value);
  const best = frontierOf(mine);
  costRows = [...best, ...mine.filter((row) => !best.includes(row))];
  const about = `AUC against milliseconds per picture of ${counted(mine.length, "row")}; the frontier is listed below.`;
  target.setAttribute("aria-label", about);
  target.setAttribute("role", "img");
  document.getElementById("save-cost").replaceChildren(saveButton(target, about));
  draw(target, "pareto", () => costTraces(mine, best), (layout) => frameCost(layout, mine), () => nameCost(target));
  target.removeAllListeners?.("plotly_click");
  target.on?.("plotly_click", (event) => event.points[0]?.customdata && openRow(event.points[0].customdata));
  document.getElementById("frontier").replaceChildren(
    element("p", {}, frontierHead(mine, best)),
    element("ol", {}, best.slice(0, 20).map((row) => element("li", {}, rowLink(row), ` ← ${shortened(row.train, 80)}, ${row.band}: AUC ${fixed(row.headline)}, ${costText(row)}`))));
}

// Times that hardly differ must not look as if they did.
function frameCost(layout, rows) {
  if (!rows.length) return;
  layout.showlegend = false; // every point has its name
  layout.margin = { ...layout.margin, b: 46 };
  const times = rows.map((row) => Math.log10(costOf(row)));
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const spare = Math.max(0.15, (Math.log10(4) - (high - low)) / 2);
  layout.xaxis.range = [low - spare, high + spare];
  layout.yaxis.title.text = DATA.sets[rows[0].set].abroad ? "mean cross-domain AUC" : "in-domain AUC";
  const aucs = rows.map((row) => row.headline);
  const [worst, best] = [Math.min(...aucs), Math.max(...aucs)];
  const room = Math.max(0.02, (0.1 - (best - worst)) / 2);
  layout.yaxis.range = [worst - room, best + room];
}

function costTraces(rows, best) {
  const detectors = [...new Set(rows.map((row) => row.detector))];
  const about = (row) => `${label(row.detector)} ← ${label(row.train)}<br>${label(row.band)}<br>AUC ${fixed(row.headline)} · ${costText(row)}${whole(row) ? "" : ` (${milliseconds(row.ms_per_picture)} with decoding)`}`;
  const steps = { type: "scatter", mode: "lines", name: "frontier", x: best.map(costOf), y: best.map((r) => r.headline), line: { shape: "hv", width: 1, color: colourOf("--quiet") }, hoverinfo: "skip" };
  return [steps, ...detectors.map((name, i) => {
    const mine = rows.filter((row) => row.detector === name);
    const symbol = SYMBOLS[Math.floor(i / ON_LIGHT.length + i) % SYMBOLS.length];
    return { type: "scatter", mode: "markers", name: label(name), x: mine.map(costOf), y: mine.map((r) => r.headline), customdata: mine.map((r) => r.id),
      text: mine.map(about), hoverinfo: "text", marker: { color: colour(i), symbol: mine.map((r) => symbol + (whole(r) ? "-open" : "")), size: 9 } };
  })];
}

function costNames(rows) {
  const texts = [(row) => row.detector, (row) => `${row.detector} ← ${row.train}`, (row) => `${row.detector} ← ${row.train} ${row.band}`];
  const counts = texts.map((text) => { const seen = new Map(); for (const row of rows) seen.set(text(row), (seen.get(text(row)) ?? 0) + 1); return seen; });
  return rows.map((row) => shortened(texts.find((text, i) => counts[i].get(text(row)) === 1)?.(row) ?? texts[2](row), 44));
}

function nameCost(target) {
  const { _size: size, xaxis, yaxis } = target._fullLayout;
  const annotations = costLabels({ xaxis: { range: xaxis.range }, yaxis: { range: yaxis.range } }, size, 11);
  Plotly.relayout(target, { annotations });
  const without = costRows.length - annotations.length;
  document.getElementById("unnamed").textContent = without ? `${counted(without, "point")} could not be labelled for lack of space; point at a mark to see its name, or filter the rows.` : "";
}

// Names of the frontier first, then the others: near their points, on no other name and on no point.
function costLabels(layout, size, letters) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${letters}px system-ui, sans-serif`;
  const [[x0, x1], [y0, y1]] = [layout.xaxis.range, layout.yaxis.range];
  const at = costRows.map((row) => [((Math.log10(costOf(row)) - x0) / (x1 - x0)) * size.w, ((y1 - row.headline) / (y1 - y0)) * size.h]);
  const names = costNames(costRows);
  const taken = at.map(([x, y]) => [x - 6, y - 6, x + 6, y + 6]);
  return costRows.flatMap((row, i) => {
    const h = letters * 1.35;
    const wide = (text) => pen.measureText(text).width * 1.08 + 4;
    // Where there is no room for a long name, there may be for its beginning.
    const text = [44, 26, 14].map((length) => shortened(names[i], length)).find((one) => placeOf(at[i], wide(one), h, taken, size));
    if (!text) return [];
    const w = wide(text);
    const [dx, dy] = placeOf(at[i], w, h, taken, size);
    taken.push([at[i][0] + dx - w / 2, at[i][1] + dy - h / 2, at[i][0] + dx + w / 2, at[i][1] + dy + h / 2]);
    const far = Math.abs(dx) > w / 2 + 14 || Math.abs(dy) > h / 2 + 14;
    return [{ x: Math.log10(costOf(row)), y: row.headline, ax: dx, ay: dy, text: label(text), showarrow: true, arrowhead: 0, arrowwidth: 1, standoff: 5,
      arrowcolor: far ? colourOf("--quiet") : "rgba(0,0,0,0)", font: { size: letters, color: colourOf("--ink") }, borderpad: 0 }];
  });
}

// Above first: the frontier comes from below and leaves to the right.
const DIRECTIONS = [270, 225, 180, 45, 90, 135, 315, 0, 22, 158, 202, 338].map((degrees) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);

function placeOf([x, y], w, h, taken, size) {
  for (let away = 8; away < 200; away += 7) for (const [cos, sin] of DIRECTIONS) {
    const [dx, dy] = [cos * (w / 2 + away), sin * (h / 2 + away)];
    const box = [x + dx - w / 2, y + dy - h / 2, x + dx + w / 2, y + dy + h / 2];
    const inside = box[0] >= 0 && box[1] >= 0 && box[2] <= size.w && box[3] <= size.h;
    if (inside && taken.every((other) => box[0] >= other[2] || box[2] <= other[0] || box[1] >= other[3] || box[3] <= other[1])) return [dx, dy];
  }
  return null;
}

// --- bands tried in-domain ----------------------------------------------------------------------------------------------

const sweepOf = (row) => DATA.cells[row.run_id]?.sweep ?? [];

function sweepTraces(row) {
  const sweep = sweepOf(row);
  const x = sweep.map(([low, high]) => (low + high) / 2);
  const allpass = DATA.cells[row.run_id].allpass;
  const area = { type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...sweep.map((s) => s[3]), ...sweep.map((s) => s[4]).reverse()], fill: "toself", fillcolor: "rgba(70,150,210,.22)", line: { width: 0 }, hoverinfo: "skip", name: "95 % interval of each point" };
  const line = { type: "scatter", mode: "lines+markers", x, y: sweep.map((s) => s[2]), name: "single narrow band", line: { color: colour(0) }, marker: { size: 4 }, hoverinfo: "text", text: sweep.map((s) => `${s[0].toFixed(3)}–${s[1].toFixed(3)}<br>AUC ${fixed(s[2])} (${between(s[3], s[4])})`) };
  const all = { type: "scatter", mode: "lines", x: [0, 0.7071], y: [allpass, allpass], name: "all frequencies", line: { dash: "dash", width: 1.5, color: colour(1) }, hoverinfo: "skip" };
  return known(allpass) ? [area, line, all] : [area, line];
}

function markBand(layout, row) {
  // Bars at the bottom: stretches that carry evidence, the darker ones necessary.
  for (const [x0, x1, , necessary] of row.stretches) layout.shapes.push({ type: "rect", x0, x1, y0: 0, y1: 0.03, yref: "paper", fillcolor: necessary ? "#B35F00" : "#E69F00", line: { width: 0 } });
  if (row.kind === "all") return;
  const title = row.role === "chosen" ? "chosen band" : "band of the row";
  layout.margin = { ...layout.margin, t: 26 };
  if (row.comb) {
    // A radius holds points of the lattice and others, so lines mark those on the axes of the spectrum.
    for (const x of row.comb.lines) layout.shapes.push({ type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: "#009E73", width: 1.5, dash: row.kind === "comb" ? "solid" : "dot" }, layer: "below" });
    const where = row.comb.points === "corners" ? "on the diagonals" : "on the axes";
    layout.annotations = [{ x: 0.3535, y: 1, yref: "paper", yanchor: "bottom", showarrow: false, text: `${title}: ${row.kind === "comb" ? "lines" : "without the lines"}, its lattice ${where}`, font: { size: 11 } }];
    return;
  }
  const [low, high] = row.edges;
  const spans = row.kind === "stop" ? [[0, low], [high, 0.7071]] : [[low, high]];
  for (const [x0, x1] of spans) layout.shapes.push({ type: "rect", x0, x1, y0: 0, y1: 1, yref: "paper", fillcolor: "rgba(0,158,115,.16)", line: { width: 0 }, layer: "below" });
  layout.annotations = [{ x: (spans[0][0] + spans[0][1]) / 2, y: 1, yref: "paper", yanchor: "bottom", showarrow: false, text: title, font: { size: 11 } }];
}
