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
  row.home = new Set(row.home.map((i) => DATA.domains[i]));
  row.headline = row.cross_domain_auc ?? (DATA.sets[row.set].abroad ? null : row.in_domain_auc);
  row.origin = originOf(row);
  row.left_out_gap = known(row.left_out) && known(row.headline) ? row.left_out - row.headline : null;
  row.datasets = [...new Set([...row.sources, ...row.tests.map((test) => test.domain)].map((name) => name.split(/[/@+]/)[0]))];
  row.text = [row.detector, row.parameters, row.train, ...row.sources, row.band, row.study, row.view, row.split_id, row.worst_domain, row.run_id,
    row.id, ...row.tests.map((test) => test.domain)].join("\n").toLowerCase();
  return row;
});
const BY_ID = new Map(ROWS.map((row) => [row.id, row]));
const ROLES = { chosen: "", fixed: "fixed band", allpass: "all frequencies" };
const HAS_RANKS = DATA.fields.includes("rank_reason");

const CAN_COMPARE = Boolean(document.getElementById("influences") || document.getElementById("scores"));
const HAS_CHOICES = DATA.fields.includes("left_out");
const HAS_SUBMISSIONS = ROWS.some((row) => row.origin !== "recorded");

const OVER_PICTURES = ["in_domain_auc", "cross_domain_auc"]; // whose interval says so if it leaves out the variation between draws
const interval = ({ id, unit }) => (row) => measured(row[id], row[id + "_lo"], row[id + "_hi"], unit, row.seeds < DATA.min_draws && OVER_PICTURES.includes(id) ? (row.seeds === 1 ? "one draw" : `${row.seeds} draws`) : "");
const number = (name, write = fixed) => (row) => [known(row[name]) ? write(row[name]) : missing()];
const flagged = (row) => row.lookalikes + row.gaps.length + (row.dropped ? 1 : 0);

// How a number is written, by its unit.
const WRITTEN = { "AUC": fixed, "difference": signed, "share": percent, "ms": milliseconds, "bytes": kilobytes, "s": (value) => value.toFixed(2), "count": String };
const written = (column) => (column.interval ? interval(column) : column.numeric ? number(column.id, WRITTEN[column.unit]) : (row) => [row[column.id] ? nameOf(row[column.id]) : missing()]);

// Cells of columns that are more than their number or name.
const CELLS = {
  detector: { cell: (row) => [CAN_COMPARE ? pickBox(row) : "", rowLink(row), badge(row), element("span", { class: "sub" }, ROLES[row.role] ?? row.role), ...row.marks.map((code) => markLabel(code, row))] },
  ranks: { absent: !HAS_RANKS, value: (row) => row.rank_low, cell: rankCell },
  train: { cell: (row) => [row.sources.length > 1 ? element("span", { class: "pool", title: row.sources.join(" & ") }, nameOf(row.train)) : nameOf(row.train)] },
  band: { cell: bandCell, value: (row) => row.edges[0] },
  parameters: { cell: (row) => [row.parameters ? nameOf(row.parameters) : missing("not known")] },
  view: { cell: (row) => [row.view ? nameOf(row.view) : missing("not known")] },
  left_out: { absent: !HAS_CHOICES, cell: leftOutCell },
  left_out_gap: { absent: !HAS_CHOICES },
  threshold: { absent: !DATA.fields.includes("threshold_transfer"), value: (row) => transfer(row)?.value, cell: transferCell },
  calibration: { absent: !DATA.fields.includes("threshold_transfer"), value: (row) => transfer(row)?.calibration, cell: calibrationCell },
  later_auc: { absent: !DATA.fields.includes("later_auc"), cell: laterCell },
  n_tests: { value: (row) => row.tests.length, cell: testedCell },
  reals_spread: { absent: !DATA.fields.includes("reals") },
  worst_reals: { absent: !DATA.fields.includes("reals") },
  score_ms: { absent: !DATA.fields.includes("score_ms") },
  seeds: { cell: (row) => [String(row.seeds)] },
  set_name: { value: (row) => row.set, cell: (row) => [DATA.sets[row.set].name] },
  split_id: { cell: (row) => [row.split_id ? element("code", {}, row.split_id) : missing("not recorded")] },
  origin: { hidden: !HAS_SUBMISSIONS, value: (row) => ORIGINS[row.origin], cell: (row) => [ORIGINS[row.origin]] },
  study: { hidden: new Set(ROWS.map((row) => row.study)).size < 2, cell: (row) => [nameOf(row.study)] },
  flags: { numeric: false, value: flagged, cell: flagsCell },
};

const COLUMNS = DATA.described.rows.map((column) => ({ ...column, cell: written(column), ...CELLS[column.id] })).filter((column) => !column.absent);

function rowLink(row) {
  const open = (event) => { event.preventDefault(); openRow(row.id); };
  return element("a", { class: "link", href: address({ row: row.id, part: "" }), on: { click: open } }, nameOf(row.detector));
}

function badge(row) {
  return row.origin === "recorded" ? "" : element("span", { class: `badge ${row.origin}` }, ORIGINS[row.origin]);
}

const tieKey = (row) => `${row.set} ${row.tie_group}`;
const TIED = new Map();
function countTies() {
  TIED.clear();
  for (const row of ROWS) if (known(row.tie_group)) TIED.set(tieKey(row), (TIED.get(tieKey(row)) ?? 0) + 1);
}
countTies();

function rankCell(row) {
  if (!known(row.rank_low)) return [missing(row.rank_reason || "no rank")];
  const places = row.rank_low === row.rank_high ? `${row.rank_low}` : `${row.rank_low}–${row.rank_high}`;
  const tie = TIED.get(tieKey(row)) > 1 ? `tie ${row.tie_group}` : "";
  return [places, element("span", { class: "sub", title: row.rank_reason || null }, tie)];
}

function bandCell(row) {
  const evidence = row.evidence && `evidence: ${row.evidence}${row.outside_evidence ? " (band outside it)" : ""}`;
  return [element("span", { class: "band" }, row.band), element("span", { class: "sub" }, evidence)];
}

function testedCell(row) {
  const all = row.tests.length + row.missing.length;
  if (!row.missing.length) return [String(all)];
  return [element("span", { class: "under", title: "not on " + shortened(row.missing.join(", "), 400) }, `${row.tests.length} of ${all}`)];
}

function transfer(row) {
  const told = row.threshold_transfer;
  const abroad = (told ?? []).filter((one) => DATA.sets[row.set].domains.includes(one.domain) && !row.home.has(one.domain));
  if (!abroad.length) return null;
  const mean = (name) => abroad.reduce((sum, one) => sum + (one[name] ?? NaN), 0) / abroad.length;
  return { value: mean("false_alarms"), found: mean("detections"), calibration: mean("calibration_error"), n: abroad.length };
}

// Why a row has no false-alarm rate on other domains.
function transferReason(row) {
  if (!row.threshold_transfer) return "this page has no room for it, or its score files were not read";
  const abroad = row.threshold_transfer.filter((one) => DATA.sets[row.set].domains.includes(one.domain) && !row.home.has(one.domain));
  return abroad.map((one) => one.reason).find(Boolean) || "no other domain was tested";
}

function transferCell(row) {
  const told = transfer(row);
  if (!told || !known(told.value)) return [missing(transferReason(row))];
  return [percent(told.value), element("span", { class: "sub" }, `finds ${percent(told.found)}`)];
}

function calibrationCell(row) {
  const told = transfer(row);
  return [told && known(told.calibration) ? fixed(told.calibration) : missing(told ? "there are no validation scores to calibrate on" : transferReason(row))];
}

function leftOutCell(row) {
  if (!known(row.left_out)) return [missing("fewer than two bands or two other domains")];
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
      id: column.id, accessorFn: (row) => (row.unknown?.[column.id] ? undefined : given(column.value ? column.value(row) : row[column.id])), sortingFn: compare, sortUndefined: "last",
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
  const names = ["detector", "view", "study", "data", "role", "origin_key"].map((id) => [id, FILTER_STATE[id] ?? id]);
  // A value that no row can have, as of an address from another page, is told instead.
  const asked = names.filter(([, name]) => state[name] && filterValues(name).includes(state[name])).map(([id, name]) => ({ id, value: state[name] }));
  const searched = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return searched.length ? [...asked, { id: "text", value: searched }] : asked;
}

const ROLE_CHOICES = [["main", "chosen and fixed"], ["chosen", "chosen"], ["fixed", "fixed"], ["allpass", "all frequencies"], ["", "every row"]];

// Values that a filter offers.
function filterValues(name) {
  if (name === "role") return ROLE_CHOICES.map(([value]) => value);
  if (name === "origin") return Object.keys(ORIGINS);
  const values = name === "data" ? ROWS.flatMap((row) => row.datasets) : ROWS.map((row) => row[name]);
  return [...new Set(values)].filter(Boolean).sort(words.compare);
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
  if (!domains) return `Set ${set.name}: no chosen test domain counts for these rows`;
  const what = set.abroad ? many : "in-domain test only";
  return `Set ${set.name}: ${what}: ${shortened(domains, 400)}${set.digest ? ` · pictures ${set.digest}` : ""}`;
}

function bodyRow(row, columns) {
  return element("tr", { "data-row": row.id }, columns.map((column, place) =>
    element(place ? "td" : "th", { scope: place ? null : "row", class: classes(column, place) }, row.unknown?.[column.id] ? [missing(row.unknown[column.id])] : column.cell(row))));
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
  drawPicked();
  drawStrangers();
  writeAddress();
}

function drawAround(page, last) {
  const rows = passing();
  const sets = new Set(rows.map((row) => row.set));
  const at = (id) => document.getElementById(id);
  at("status").textContent = `${rows.length} of ${counted(ROWS.length, "row")}, ${counted(sets.size, "set")} of test pictures`;
  at("mixed").hidden = Boolean(state.apart) || sets.size < 2;
  at("mixed").textContent = `This order mixes rows of ${sets.size} sets of test pictures. Their means are over different pictures and do not compare.`;
  at("previous").disabled = page <= 1;
  at("next").disabled = page >= last;
  at("page-of").textContent = `page ${page} of ${last}`;
  at("pager").hidden = last < 2 && ROWS.length <= 25;
}

function drawFilters() {
  for (const id of ["detector", "data", "view", "study"]) fillOptions(document.getElementById(id), [["", "all"], ...filterValues(id).map((value) => [value, value])], state[id]);
  fillOptions(document.getElementById("role"), ROLE_CHOICES, state.role);
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
