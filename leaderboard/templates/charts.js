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

function draw(target, name, traces, change = () => {}) {
  const again = () => {
    const layout = themed(name);
    change(layout);
    Plotly.react(target, traces(), layout, { displayModeBar: false, responsive: true, showTips: false });
  };
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
  return { figure: element("figure", { class: "panel" }, element("h3", {}, title), target), draw: () => draw(target, name, traces, change) };
}

// --- cost -------------------------------------------------------------------------------------------------------------

const priced = (row) => known(row.headline) && known(row.ms_per_picture) && row.ms_per_picture > 0;

function frontierOf(rows) {
  const ordered = [...rows].sort((a, b) => a.ms_per_picture - b.ms_per_picture || b.headline - a.headline);
  let best = -Infinity;
  return ordered.filter((row) => row.headline > best && ((best = row.headline), true));
}

function drawCost() {
  const rows = passing().filter(priced);
  const target = document.getElementById("pareto");
  const sets = new Map();
  for (const row of rows) sets.set(row.set, (sets.get(row.set) ?? 0) + 1);
  const options = [...sets].sort((a, b) => b[1] - a[1]).map(([set, n]) => [String(set), `${DATA.sets[set].name}: ${counted(n, "row")}, ${shortened(DATA.sets[set].domains.join(", "), 70)}`]);
  fillOptions(document.getElementById("cost-set"), options, state.set);
  const mine = rows.filter((row) => String(row.set) === document.getElementById("cost-set").value);
  const best = frontierOf(mine);
  target.setAttribute("aria-label", `AUC against milliseconds per picture of ${counted(mine.length, "row")}; the frontier is listed below.`);
  target.setAttribute("role", "img");
  draw(target, "pareto", () => costTraces(mine, best), (layout) => widen(layout, mine));
  target.removeAllListeners?.("plotly_click");
  target.on?.("plotly_click", (event) => event.points[0]?.customdata && openRow(event.points[0].customdata));
  document.getElementById("frontier").replaceChildren(
    mine.length ? element("p", {}, `On the frontier, ${DATA.sets[mine[0].set].abroad ? "by mean cross-domain AUC" : "by in-domain AUC"}:`) : element("p", {}, "No row has both a time and an AUC."),
    element("ol", {}, best.slice(0, 20).map((row) => element("li", {}, rowLink(row), ` ← ${shortened(row.train, 80)}, ${row.band}: AUC ${fixed(row.headline)}, ${milliseconds(row.ms_per_picture)} ms`))));
}

// Times that hardly differ must not look as if they did.
function widen(layout, rows) {
  const times = rows.map((row) => Math.log10(row.ms_per_picture));
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const spare = Math.max(0.04, (Math.log10(4) - (high - low)) / 2);
  if (!rows.length) return;
  layout.xaxis.range = [low - spare, high + spare];
  const aucs = rows.map((row) => row.headline);
  const [worst, best] = [Math.min(...aucs), Math.max(...aucs)];
  const room = Math.max(0.01, (0.1 - (best - worst)) / 2);
  layout.yaxis.range = [worst - room, best + room];
}

function costTraces(rows, best) {
  const detectors = [...new Set(rows.map((row) => row.detector))];
  const about = (row) => `${label(row.detector)} ← ${label(row.train)}<br>${label(row.band)}<br>AUC ${fixed(row.headline)} · ${milliseconds(row.ms_per_picture)} ms`;
  const steps = { type: "scatter", mode: "lines", name: "frontier", x: best.map((r) => r.ms_per_picture), y: best.map((r) => r.headline), line: { shape: "hv", width: 1, color: colourOf("--quiet") }, hoverinfo: "skip" };
  return [steps, ...detectors.map((name, i) => {
    const mine = rows.filter((row) => row.detector === name);
    return { type: "scatter", mode: "markers", name: label(name), x: mine.map((r) => r.ms_per_picture), y: mine.map((r) => r.headline), customdata: mine.map((r) => r.id),
      text: mine.map(about), hoverinfo: "text", showlegend: i < 12, marker: { color: colour(i), symbol: SYMBOLS[Math.floor(i / ON_LIGHT.length + i) % SYMBOLS.length], size: 9 } };
  })];
}

// --- bands tried at home ----------------------------------------------------------------------------------------------

const sweepOf = (row) => DATA.cells[row.run_id]?.sweep ?? [];

function sweepTraces(row) {
  const sweep = sweepOf(row);
  const x = sweep.map(([low, high]) => (low + high) / 2);
  const allpass = DATA.cells[row.run_id].allpass;
  const area = { type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...sweep.map((s) => s[3]), ...sweep.map((s) => s[4]).reverse()], fill: "toself", fillcolor: "rgba(70,150,210,.22)", line: { width: 0 }, hoverinfo: "skip", name: "95 % interval of each point" };
  const line = { type: "scatter", mode: "lines+markers", x, y: sweep.map((s) => s[2]), name: "one narrow band", line: { color: colour(0) }, marker: { size: 4 }, hoverinfo: "text", text: sweep.map((s) => `${s[0].toFixed(3)}–${s[1].toFixed(3)}<br>AUC ${fixed(s[2])} (${between(s[3], s[4])})`) };
  const all = { type: "scatter", mode: "lines", x: [0, 0.7071], y: [allpass, allpass], name: "all frequencies", line: { dash: "dash", width: 1.5, color: colour(1) }, hoverinfo: "skip" };
  return known(allpass) ? [area, line, all] : [area, line];
}

function markBand(layout, row) {
  if (row.kind === "all") return;
  const [low, high] = row.edges;
  const spans = row.kind === "stop" ? [[0, low], [high, 0.7071]] : [[low, high]];
  for (const [x0, x1] of spans) layout.shapes.push({ type: "rect", x0, x1, y0: 0, y1: 1, yref: "paper", fillcolor: "rgba(0,158,115,.16)", line: { width: 0 }, layer: "below" });
  layout.annotations = [{ x: (spans[0][0] + spans[0][1]) / 2, y: 1, yref: "paper", yanchor: "bottom", showarrow: false, text: row.role === "chosen" ? "chosen band" : "its band", font: { size: 11 } }];
  layout.margin = { ...layout.margin, t: 26 };
}
