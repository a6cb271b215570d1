// The table: columns, filters, order, pages. Sorting and filtering are TanStack Table's.

const DATA = await unpacked("payload").json();
await library("table-library");
const ORIGINS = { recorded: "recorded here", submitted: "submitted", verified: "submitted, verified" };
const originOf = (row) => ((row.source ?? "recorded") === "recorded" ? "recorded" : row.verified ? "verified" : "submitted");
let nextTest = 0;

// Test entries lie one row's after the other's.
function testsOf(n) {
  const mine = Array.from({ length: n }, (_, i) => Object.fromEntries(Object.entries(DATA.tests).map(([name, column]) => [name, column[nextTest + i]])));
  for (const test of mine) test.domain = DATA.domains[test.domain];
  nextTest += n;
  return mine;
}

const ROWS = (DATA.columns[0] ?? []).map((_, place) => {
  const row = Object.fromEntries(DATA.fields.map((name, i) => [name, DATA.columns[i][place]]));
  for (const name of DATA.pooled) row[name] = DATA.texts[row[name]];
  row.place = place;
  row.tests = testsOf(row.tests);
  row.missing = row.missing.map((i) => DATA.domains[i]);
  row.headline = row.cross_domain_auc ?? (DATA.sets[row.set].abroad ? null : row.in_domain_auc);
  row.gap = known(row.oracle_auc) && known(row.headline) ? row.oracle_auc - row.headline : null;
  row.origin = originOf(row);
  row.left_out_gap = known(row.left_out) && known(row.headline) ? row.left_out - row.headline : null;
  row.datasets = [...new Set([row.train, ...row.tests.map((test) => test.domain)].map((name) => name.split(/[/@+]/)[0]))];
  row.text = [row.detector, row.parameters, row.train, row.band, row.study, row.view, row.split_id, row.worst_domain, row.run_id,
    row.id, ...row.tests.map((test) => test.domain)].join("\n").toLowerCase();
  return row;
});
const BY_ID = new Map(ROWS.map((row) => [row.id, row]));
const ROLES = { chosen: "", fixed: "fixed band", allpass: "all frequencies" };
const HAS_RANKS = DATA.fields.includes("rank_low");

const HAS_CHOICES = DATA.fields.includes("left_out");
const HAS_SUBMISSIONS = ROWS.some((row) => row.origin !== "recorded");

const interval = (name) => (row) => measured(row[name], row[name + "_lo"], row[name + "_hi"]);
const number = (name, write = fixed) => (row) => [known(row[name]) ? write(row[name]) : missing()];
const flagged = (row) => row.lookalikes + row.gaps.length + (row.dropped ? 1 : 0);

const COLUMNS = [
  { id: "detector", head: "detector", cell: (row) => [rowLink(row), badge(row), element("span", { class: "sub" }, ROLES[row.role] ?? row.role)],
    about: "What was trained; the name leads to all that is known of the row." },
  { id: "ranks", head: "rank", numeric: true, absent: !HAS_RANKS, value: (row) => row.rank_low, cell: rankCell,
    about: "Lowest and highest place that the noise of the test pictures leaves open, among rows of the same set. Rows that share a tie number cannot be told apart from its best row. (Paired bootstrap over groups, with a least error where groups are few; Holm's correction.)" },
  { id: "train", head: "trained on", cell: (row) => [nameOf(row.train)], about: "Domain whose training pictures it saw, and whose validation pictures chose the band." },
  { id: "band", head: "band\n(cycles/px)", cell: bandCell, value: (row) => row.edges[0],
    about: "Frequencies that the detector was left with; below it the evidence interval, where single narrow bands are clearly better than chance on validation pictures." },
  { id: "parameters", head: "parameters", hidden: true, cell: (row) => [row.parameters ? nameOf(row.parameters) : missing("not known")], about: "Of the detector." },
  { id: "view", head: "view", hidden: true, cell: (row) => [row.view ? nameOf(row.view) : missing("not known")], about: "What the detector is handed." },
  { id: "in_domain_auc", head: "in-domain\nAUC", numeric: true, cell: interval("in_domain_auc"), about: "On test pictures of the training domain, with the 95 % interval over groups (identities, clips): from resampling or, where groups are few or the AUC is near 0 or 1, wider." },
  { id: "cross_domain_auc", head: "cross-domain\nAUC, mean", numeric: true, cell: interval("cross_domain_auc"), about: "Mean over the test domains of the row's set, with the band that was chosen on validation pictures of the training domain. Means over different sets do not compare." },
  ...DATA.described.clip_rows.map((column) => ({ ...column, cell: interval(column.id) })),
  { id: "worst_auc", head: "worst\ndomain AUC", numeric: true, cell: interval("worst_auc"), about: "Of the other domains, the one with the lowest AUC." },
  { id: "worst_domain", head: "worst on", cell: (row) => [row.worst_domain ? nameOf(row.worst_domain) : missing()], about: "Which domain that is." },
  { id: "gain", head: "gain over\nall-pass", numeric: true, cell: number("gain", signed), about: "Headline AUC (cross-domain, else in-domain) minus that of the same detector with all frequencies." },
  { id: "oracle_auc", head: "oracle\nAUC", numeric: true, hindsight: true, cell: number("oracle_auc"), about: "With the best tried band of each test domain. It flatters, as it could not have been known beforehand." },
  { id: "gap", head: "oracle\ngap", numeric: true, hindsight: true, cell: number("gap", signed), about: "Oracle minus headline: what choosing the band on the training domain alone costs." },
  { id: "left_out", head: "left-out\nAUC", numeric: true, hidden: true, absent: !HAS_CHOICES, hindsight: true, cell: leftOutCell, about: "For each test domain, the AUC with the band that is best on the mean of the other test domains: what choosing on several domains would give. Candidates are the narrow bands of the sweep and the bands that have a row." },
  { id: "left_out_gap", head: "left-out\ngap", numeric: true, hidden: true, absent: !HAS_CHOICES, hindsight: true, cell: number("left_out_gap", signed), about: "Left-out AUC minus headline: what choosing on other domains instead of the training domain would gain. Below zero, choosing at home was better." },
  { id: "threshold", head: "alarms abroad\n(1 % at home)", numeric: true, absent: !DATA.fields.includes("threshold_transfer"), value: (row) => transfer(row)?.value, cell: transferCell,
    about: "With the threshold set for 1 % false alarms on validation pictures at home: false alarms that it really gives abroad, and the share of fakes that it finds there." },
  { id: "calibration", head: "calibration\nerror abroad", numeric: true, hidden: true, absent: !DATA.fields.includes("threshold_transfer"), value: (row) => transfer(row)?.calibration, cell: calibrationCell,
    about: "Mean distance of the probability of fake from what it promises, with probabilities calibrated at home: mean over the other domains. 0 is best; chance alone lifts it a little above." },
  { id: "coverage", head: "coverage", numeric: true, cell: number("coverage", percent), about: "Share of the test pictures that have a score." },
  { id: "n_tests", head: "tested on", numeric: true, value: (row) => row.tests.length, cell: testedCell, about: "Test domains of the row, of those that its study knows." },
  { id: "ms_per_picture", head: "ms per\npicture", numeric: true, cell: number("ms_per_picture", milliseconds), about: "Reading, decoding, transforming and scoring, on the machine that computed the row." },
  { id: "score_ms", head: "detector\nalone, ms", numeric: true, hidden: true, absent: !DATA.fields.includes("score_ms"), cell: number("score_ms", milliseconds), about: "Of the milliseconds per picture, what the detector takes to score it: the cost that tells detectors apart." },
  { id: "model_bytes", head: "model,\nkB", numeric: true, hidden: true, cell: number("model_bytes", kilobytes), about: "Size of the chosen model as it is kept: one fitted detector with its calibration. An encoder that it rests on is not counted." },
  { id: "fit_seconds", head: "fit, s", numeric: true, hidden: true, cell: number("fit_seconds", (value) => value.toFixed(2)), about: "Seconds to fit, mean over the draws." },
  { id: "seeds", head: "draws", numeric: true, hidden: true, cell: (row) => [String(row.seeds)], about: "Draws of training and validation pictures that every number is a mean over." },
  { id: "set_name", head: "set", hidden: true, value: (row) => row.set, cell: (row) => [DATA.sets[row.set].name], about: "Set of test pictures that the headline is a mean over." },
  { id: "split_id", head: "splits", cell: (row) => [row.split_id ? element("code", {}, row.split_id) : missing("not recorded")], about: "Short digest of the split lists: equal for rows whose training domain and test pictures are split alike." },
  { id: "origin", head: "origin", hidden: !HAS_SUBMISSIONS, cell: (row) => [ORIGINS[row.origin]], value: (row) => ORIGINS[row.origin],
    about: "Recorded here: computed by this program. Submitted: somebody brought scores, and every number was computed from them. Verified: a run recorded here gives the same scores." },
  { id: "study", head: "study", hidden: new Set(ROWS.map((row) => row.study)).size < 2, cell: (row) => [nameOf(row.study)], about: "What was crossed and searched." },
  { id: "flags", head: "to note", value: flagged, cell: flagsCell, about: "Test pictures that look like training pictures, parts of the data or bands that are missing, training pictures left out because they share a clip or an identity with held-out ones." },
].filter((column) => !column.absent);

function rowLink(row) {
  const open = (event) => { event.preventDefault(); openRow(row.id); };
  return element("a", { class: "link", href: address({ row: row.id, part: "" }), on: { click: open } }, nameOf(row.detector));
}

function badge(row) {
  return row.origin === "recorded" ? "" : element("span", { class: `badge ${row.origin}` }, ORIGINS[row.origin]);
}

const tieKey = (row) => `${row.set} ${row.tie_group}`;
const TIED = new Map();
for (const row of ROWS) if (known(row.tie_group)) TIED.set(tieKey(row), (TIED.get(tieKey(row)) ?? 0) + 1);

function rankCell(row) {
  if (!known(row.rank_low)) return [missing(row.rank_reason || "no rank")];
  const places = row.rank_low === row.rank_high ? `${row.rank_low}` : `${row.rank_low}–${row.rank_high}`;
  const tie = TIED.get(tieKey(row)) > 1 ? `tie ${row.tie_group}` : "";
  return [places, element("span", { class: "sub", title: row.rank_reason || null }, tie)];
}

function bandCell(row) {
  const evidence = row.evidence ? `evidence ${row.evidence[0].toFixed(3)}–${row.evidence[1].toFixed(3)}` : row.origin !== "recorded" ? "" : row.swept ? "no evidence found" : "evidence not asked for";
  return [element("span", { class: "band" }, row.band), element("span", { class: "sub" }, evidence)];
}

function testedCell(row) {
  const all = row.tests.length + row.missing.length;
  if (!row.missing.length) return [String(all)];
  return [element("span", { class: "under", title: "not on " + shortened(row.missing.join(", "), 400) }, `${row.tests.length} of ${all}`)];
}

function transfer(row) {
  const told = row.threshold_transfer;
  const abroad = (told ?? []).filter((one) => DATA.sets[row.set].domains.includes(one.domain) && one.domain !== row.train);
  if (!abroad.length) return null;
  const mean = (name) => abroad.reduce((sum, one) => sum + (one[name] ?? NaN), 0) / abroad.length;
  return { value: mean("false_alarms"), found: mean("detections"), calibration: mean("calibration_error"), n: abroad.length };
}

function transferCell(row) {
  const told = transfer(row);
  if (!told || !known(told.value)) return [missing()];
  return [percent(told.value), element("span", { class: "sub" }, `finds ${percent(told.found)}`)];
}

function calibrationCell(row) {
  const told = transfer(row);
  return [told && known(told.calibration) ? fixed(told.calibration) : missing()];
}

function leftOutCell(row) {
  if (!known(row.left_out)) return [missing("fewer than two bands or domains to choose on")];
  return [fixed(row.left_out), element("span", { class: "sub" }, `of ${counted(row.candidates, "band")}`)];
}

function flagsCell(row) {
  const told = [];
  if (row.lookalikes) told.push(counted(row.lookalikes, "look-alike"));
  if (row.gaps.length) told.push(counted(row.gaps.length, "gap"));
  if (row.dropped) told.push(`${row.dropped} left out`);
  return told.length ? told.map((text) => element("span", { class: "sub" }, text)) : [];
}

// --- order and filters ------------------------------------------------------------------------------------------------

const roleFits = (role, wanted) => !wanted || role === wanted || (wanted === "main" && role !== "allpass");
const given = (value) => (value === null || (typeof value === "number" && !Number.isFinite(value)) ? undefined : value);
const words = new Intl.Collator("en", { numeric: true });

function compare(a, b, id) {
  const [x, y] = [a.getValue(id), b.getValue(id)];
  return typeof x === "number" && typeof y === "number" ? x - y : words.compare(String(x), String(y));
}

const grid = TableCore.createTable({
  data: ROWS,
  columns: [
    ...COLUMNS.map((column) => ({
      id: column.id, accessorFn: (row) => given(column.value ? column.value(row) : row[column.id]), sortingFn: compare, sortUndefined: "last",
      sortDescFirst: Boolean(column.numeric), filterFn: (row, id, wanted) => row.original[id] === wanted,
    })),
    { id: "set", accessorKey: "set", sortingFn: compare },
    { id: "text", accessorKey: "text", filterFn: (row, id, wanted) => wanted.every((word) => row.original.text.includes(word)) },
    { id: "data", accessorKey: "datasets", filterFn: (row, id, wanted) => row.original.datasets.includes(wanted) },
    { id: "origin_key", accessorKey: "origin", filterFn: (row, id, wanted) => row.original.origin === wanted || (wanted === "submitted" && row.original.origin === "verified") },
    { id: "role", accessorKey: "role", filterFn: (row, id, wanted) => roleFits(row.original.role, wanted) },
  ],
  state: {}, onStateChange: () => {}, renderFallbackValue: null, autoResetPageIndex: false,
  getCoreRowModel: TableCore.getCoreRowModel(), getFilteredRowModel: TableCore.getFilteredRowModel(),
  getSortedRowModel: TableCore.getSortedRowModel(), getPaginationRowModel: TableCore.getPaginationRowModel(),
});

function sorting() {
  const told = state.sort.split(",").filter(Boolean).map((part) => ({ id: part.replace(/^-/, ""), desc: part.startsWith("-") }));
  const asked = told.filter((one) => COLUMNS.some((column) => column.id === one.id));
  return state.apart ? [{ id: "set", desc: false }, ...asked] : asked;
}

const FILTER_STATE = { origin_key: "origin" }; // the column of that name shows words

function filters() {
  const asked = ["detector", "view", "study", "data", "role", "origin_key"].filter((id) => state[FILTER_STATE[id] ?? id]).map((id) => ({ id, value: state[FILTER_STATE[id] ?? id] }));
  const searched = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return searched.length ? [...asked, { id: "text", value: searched }] : asked;
}

let everyRow = false; // on paper there are no pages

function arrange() {
  const size = everyRow ? 1000 : Math.max(1, Number(state.size) || 50);
  grid.setOptions((options) => ({
    ...options, state: { ...grid.initialState, sorting: sorting(), columnFilters: filters(), pagination: { pageIndex: 0, pageSize: size } },
  }));
  const last = Math.max(1, Math.ceil(grid.getSortedRowModel().rows.length / size));
  const page = everyRow ? 1 : Math.min(last, Math.max(1, Math.floor(Number(state.page)) || 1));
  state.page = String(page);
  grid.setOptions((options) => ({ ...options, state: { ...options.state, pagination: { pageIndex: page - 1, pageSize: size } } }));
  return { page, last };
}

const passing = () => grid.getSortedRowModel().rows.map((row) => row.original);

function shownColumns() {
  const [hide, show] = [state.hide.split(","), state.show.split(",")];
  return COLUMNS.filter((column, i) => i === 0 || (column.hidden ? show.includes(column.id) : !hide.includes(column.id)));
}

// --- what is drawn ----------------------------------------------------------------------------------------------------

function sortBy(column, further) {
  const parts = state.sort.split(",").filter(Boolean);
  const now = parts.find((part) => part.replace(/^-/, "") === column.id);
  const [first, second] = column.numeric ? ["-" + column.id, column.id] : [column.id, "-" + column.id];
  const next = now === undefined ? first : now === first ? second : "";
  const others = further ? parts.filter((part) => part !== now) : [];
  state.sort = [...others, next].filter(Boolean).join(",");
  state.page = "1";
  drawTable();
  document.querySelector(`#rows thead button[data-column="${column.id}"]`)?.focus();
}

function headCell(column, place) {
  const part = state.sort.split(",").find((one) => one.replace(/^-/, "") === column.id);
  const order = part === undefined ? null : part.startsWith("-") ? "descending" : "ascending";
  const button = element("button", { type: "button", "data-column": column.id, title: column.about, on: { click: (event) => sortBy(column, event.shiftKey) } },
    column.head, element("span", { class: "arrow", "aria-hidden": "true" }, order ? (order === "descending" ? "▾" : "▴") : ""));
  return element("th", { scope: "col", "aria-sort": order, class: classes(column, place) }, button);
}

const classes = (column, place) => [column.numeric && "number", column.hindsight && "hindsight", place === 0 && "first"].filter(Boolean).join(" ") || null;

function setText(set) {
  const domains = set.domains.join(", ");
  const many = set.domains.length > 1 ? `mean over ${set.domains.length} other domains` : "one other domain";
  const what = set.abroad ? many : "tested at home only";
  return `Set ${set.name}: ${what}: ${shortened(domains, 400)} · pictures ${set.digest}`;
}

function bodyRow(row, columns) {
  return element("tr", { "data-row": row.id }, columns.map((column, place) =>
    element(place ? "td" : "th", { scope: place ? null : "row", class: classes(column, place) }, column.cell(row))));
}

function drawTable() {
  const { page, last } = arrange();
  const columns = shownColumns();
  const bodies = [];
  let set = null;
  for (const { original: row } of grid.getRowModel().rows) {
    if (!bodies.length || (state.apart && row.set !== set)) {
      bodies.push(element("tbody"));
      if (state.apart) bodies.at(-1).append(element("tr", { class: "set" },
        element("th", { colspan: columns.length, scope: "rowgroup" }, element("span", { dir: "auto" }, setText(DATA.sets[row.set])))));
      set = row.set;
    }
    bodies.at(-1).append(bodyRow(row, columns));
  }
  if (!bodies.length) bodies.push(element("tbody", {}, element("tr", {}, element("td", { colspan: columns.length }, "No row passes these filters."))));
  document.getElementById("rows").replaceChildren(
    element("caption", { class: "unseen" }, "Leaderboard rows; the buttons in the header sort."), element("thead", {}, element("tr", {}, columns.map(headCell))), ...bodies);
  drawAround(page, last);
  writeAddress();
}

function drawAround(page, last) {
  const rows = passing();
  const sets = new Set(rows.map((row) => row.set));
  const at = (id) => document.getElementById(id);
  at("status").textContent = `${rows.length} of ${counted(ROWS.length, "row")}, ${counted(sets.size, "set")} of test pictures`;
  at("mixed").hidden = Boolean(state.apart) || sets.size < 2;
  at("mixed").textContent = `Rows of ${sets.size} sets of test pictures stand in one order here: their means are not over the same pictures and do not compare.`;
  at("previous").disabled = page <= 1;
  at("next").disabled = page >= last;
  at("page-of").textContent = `page ${page} of ${last}`;
  at("pager").hidden = last < 2 && ROWS.length <= 25;
}

function drawFilters() {
  const choices = (values) => [...new Set(values)].filter(Boolean).sort(words.compare).map((value) => [value, value]);
  const fill = (id, all, options) => fillOptions(document.getElementById(id), [["", all], ...options], state[id]);
  fill("detector", "all", choices(ROWS.map((row) => row.detector)));
  fill("data", "all", choices(ROWS.flatMap((row) => row.datasets)));
  fill("view", "all", choices(ROWS.map((row) => row.view)));
  fill("study", "all", choices(ROWS.map((row) => row.study)));
  const roles = [["main", "chosen and fixed"], ["chosen", "chosen"], ["fixed", "fixed"], ["allpass", "all frequencies"], ["", "every row"]];
  fillOptions(document.getElementById("role"), roles, state.role);
  document.getElementById("origin-choice").hidden = !HAS_SUBMISSIONS;
  fillOptions(document.getElementById("origin"), [["", "all"], ...Object.entries(ORIGINS)], state.origin);
  document.getElementById("q").value = state.q;
  document.getElementById("apart").checked = Boolean(state.apart);
  document.getElementById("size").value = state.size;
  drawColumnChoice();
}

function drawColumnChoice() {
  const shown = new Set(shownColumns());
  const boxes = COLUMNS.slice(1).map((column) => element("label", {},
    element("input", { type: "checkbox", checked: shown.has(column), "data-column": column.id, on: { change: (event) => chooseColumn(column, event.target.checked) } }),
    column.head.replaceAll("\n", " ")));
  document.getElementById("columns").replaceChildren(document.querySelector("#columns legend"), ...boxes);
}

function chooseColumn(column, wanted) {
  const name = column.hidden ? "show" : "hide";
  const listed = new Set(state[name].split(",").filter(Boolean));
  if (wanted === Boolean(column.hidden)) listed.add(column.id);
  else listed.delete(column.id);
  state[name] = [...listed].join(",");
  drawTable();
}
