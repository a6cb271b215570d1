// All that is known of one row, under an address of its own.

function openRow(id) {
  Object.assign(state, { row: id, with: "", on: "", part: "" });
  writeAddress(true);
  drawRow(true);
}

function closeRow() {
  const left = state.row;
  Object.assign(state, { row: "", with: "", on: "" });
  writeAddress(true);
  drawRow();
  document.querySelector(`#rows tr[data-row="${CSS.escape(left)}"] .link`)?.focus();
}

function drawRow(opened = false) {
  const detail = document.getElementById("detail");
  delete detail.dataset.compared;
  const row = BY_ID.get(state.row);
  document.getElementById("board").hidden = Boolean(state.row);
  document.documentElement.classList.toggle("in-row", Boolean(state.row));
  drawStrangers();
  detail.hidden = !state.row;
  if (!state.row) return void detail.replaceChildren();
  if (!row) return void detail.replaceChildren(backButton(), element("p", {}, `There is no row ${shortened(state.row, 40)} on this page. It may be on a newer or an older page.`));
  const other = BY_ID.get(state.with);
  if (other && other !== row) return void drawComparison(row, other).then(() => opened && focusTitle());
  const charts = rowCharts(row);
  const bands = sweepChart(row);
  detail.replaceChildren(backButton(), ...rowHead(row), ...(CAN_COMPARE ? [versusChoice(row)] : []), ...chosenNote(), ...submissionPart(row), testsTable(row), ...reportedPart(row), ...realsPart(row), ...clipsPart(row), ...curvesPart(charts), ...transferPart(row), ...robustnessPart(row), ...bandsPart(row, bands), ...spectrumPart(row), ...mistakesPart(row), ...scoresPart(row), ...manifestPart(row));
  for (const one of [...charts, ...bands]) one.draw();
  focusTitle();
}

function focusTitle() {
  document.getElementById("detail-title")?.focus();
  scrollTo(0, 0);
}

// What of the details follows the choice of test domains and reals.
function chosenNote() {
  const choice = choiceOf();
  return choice ? [element("p", { class: "of-all" }, `This row is shown for ${choiceText(choice)}. Results under perturbations are over all test domains${choice.against === AS_TESTED ? "" : ", and everything below the table of test domains is about their own reals"}.`)] : [];
}

function backButton() {
  return element("p", { class: "screen-only" }, element("button", { type: "button", id: "back", on: { click: closeRow } }, "← Back to the table"));
}

const fact = (name, ...values) => (values.some((value) => value !== "" && value !== null && value !== undefined) ? [element("dt", {}, name), element("dd", { dir: "auto" }, ...values)] : []);
const auc = (row, name) => (known(row[name]) ? `${fixed(row[name])} (${between(row[name + "_lo"], row[name + "_hi"]) || "no interval"})` : row.unknown?.[name] ?? "not measured");

function rowHead(row) {
  const set = DATA.sets[row.set];
  const ranked = known(row.rank_low) ? `${row.rank_low === row.rank_high ? row.rank_low : `${row.rank_low}–${row.rank_high}`}${TIED.get(tieKey(row)) > 1 ? `, tie ${row.tie_group}` : ""}` : "";
  return [
    element("h2", { id: "detail-title", tabindex: "-1", dir: "auto" }, row.detector),
    element("p", { class: "meta", dir: "auto" }, `trained on ${shortened(row.train, 400)} · ${row.band}${ROLES[row.role] ? ` (${ROLES[row.role]})` : ""}`),
    element("dl", { class: "facts" },
      fact("cross-domain AUC", auc(row, "cross_domain_auc") + `, ${set.abroad ? (set.domains.length > 1 ? "mean over " : "on ") + shortened(set.domains.join(", "), 300) : "no other domain was tested"}`),
      fact("worst domain", known(row.worst_auc) ? `${auc(row, "worst_auc")} on ${shortened(row.worst_domain, 200)}` : "not measured"),
      fact("in-domain AUC", auc(row, "in_domain_auc")),
      fact("later generators", laterText(row)),
      fact("rank in its set", ranked), fact("reason", row.rank_reason ?? ""),
      fact("marks", row.all_marks.map((code) => DATA.described.marks[code].meaning).join(" ")),
      fact("rank over the choice of reals", known(row.reals_rank_low) ? `${row.reals_rank_low}–${row.reals_rank_high}` : ""),
      fact("spread over reals", known(row.reals_spread) ? `${fixed(row.reals_spread)}, lowest AUC with ${shortened(row.worst_reals, 80)}` : ""),
      fact("gain over all-pass", signed(row.gain) + (RANGES.difference(row.gain_lo, row.gain_hi) && ` (${RANGES.difference(row.gain_lo, row.gain_hi)})`)),
      fact("draws", `${row.seeds}${known(row.draw_sd) ? `, standard deviation between them ${fixed(row.draw_sd)}` : ""}`),
      fact("left-out AUC", known(row.left_out) ? `${fixed(row.left_out)}, ${signed(row.left_out_gap)} relative to the chosen band: for each test domain, the best of ${row.candidates} bands on the other test domains` : ""),
      fact("oracle AUC", known(row.oracle_auc) ? `${aucText(row.oracle_auc)}, ${signed(row.gap)} ${RANGES.difference(row.gap_lo, row.gap_hi) && `(${RANGES.difference(row.gap_lo, row.gap_hi)}) `}relative to the chosen band: the best evaluated band of each test domain, chosen with its labels` : "not measured"),
      fact("origin", ORIGINS[row.origin]),
      fact("coverage", percent(row.coverage)),
      fact("cost", known(row.ms_per_picture) || known(row.fit_seconds) ? `${milliseconds(row.ms_per_picture)} ms per picture${known(row.score_ms) ? ` (detector alone: ${milliseconds(row.score_ms)})` : ""}, ${fixed(row.fit_seconds, 2)} s to fit${known(row.model_bytes) ? `, model of ${kilobytes(row.model_bytes)} kB` : ""}` : "not measured"),
      fact("chosen by", row.rule),
      fact("choice of the band", row.selection ?? ""),
      fact("trained on", row.sources.length > 1 ? row.sources.join(", ") : ""),
      fact("not in the mean", row.not_counted?.length ? `${row.not_counted.join(", ")}, by the protocol of the study` : ""),
      fact("missing", row.missing.length ? "not tested on " + row.missing.join(", ") : ""),
      fact("gaps", row.gaps.join("; ")),
      fact("left out", row.dropped ? `${row.dropped} training or validation pictures, because they share a clip or an identity with held-out pictures` : "")),
  ];
}

function plainTable(title, heads, lines) {
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": title }, element("table", {},
    element("thead", {}, element("tr", {}, heads.map((head, i) => element("th", { scope: "col", class: i ? "number" : null }, head)))),
    element("tbody", {}, lines.map((line) => element("tr", {}, line.map((cell, i) => element(i ? "td" : "th", { scope: i ? null : "row", class: i ? "number" : null }, cell)))))));
}

// Numbers of a test domain: those that every page has are in its entry, all others among the details.
const TEST_COLUMNS = DATA.described.tests.filter((column) => column.id !== "domain");

function testCell(column, test, told) {
  const value = test[column.id] ?? told[column.id];
  if (column.interval) return measured(value, test[`${column.id}_lo`] ?? told[`${column.id}_lo`], test[`${column.id}_hi`] ?? told[`${column.id}_hi`], column.unit);
  if (!column.numeric) return value || "–";
  return column.id === "lookalikes" && !value ? "none" : known(value) ? WRITTEN[column.unit](value) : "–";
}

function testsTable(row) {
  const against = choiceOf()?.against;
  const more = DATA.details[row.id]?.tests ?? {};
  const heads = ["test domain", ...TEST_COLUMNS.map((column) => column.head)];
  const lines = row.tests.map((test) => {
    // What is known of a test domain besides is about its own reals.
    const told = (against ? numbersAgainst(row, test, against) : more[test.domain]) ?? {};
    const home = row.home.has(test.domain) ? element("span", { class: "sub" }, "in-domain") : "";
    const period = periodOf(test.domain);
    const date = period ? element("span", { class: "sub" }, `generator of ${dateText(period)}`) : "";
    return [[nameOf(test.domain), home, date], ...TEST_COLUMNS.map((column) => testCell(column, test, told))];
  });
  const absent = row.missing.map((name) => [[nameOf(name)], [missing()], ...Array(TEST_COLUMNS.length - 1).fill("–")]);
  return element("div", {}, element("h3", {}, "Test domains"), plainTable("Test domains", heads, [...lines, ...absent]),
    element("p", {}, "Found at 10 % alarms: the largest detection rate at a false-alarm rate of at most 10 %; unknown with too few reals. At the nearest to 10 %: the detection rate at the ROC point whose false-alarm rate is nearest to 10 %, above or below it, as in published programs."));
}

// --- curves -----------------------------------------------------------------------------------------------------------

function rowCharts(row) {
  const told = DATA.details[row.id];
  if (!told) return [];
  const all = Object.entries(told.domains).filter(([domain]) => isChosen(domain));
  const domains = all.filter(([, one]) => one.roc.length);
  const name = shortened(row.detector, 60);
  return [
    chart("ROC, mean over the draws", `ROC curves of ${name}; AUCs are in the table of test domains`, "roc", () => domains.map(([domain, one], i) => curve(domain, DATA.rates, one.roc, i))),
    chart("DET curve: misses against false alarms, logarithmic", `DET curves of ${name}`, "det", () => domains.map(([domain, one], i) => curve(domain, DATA.rates.slice(1), one.roc.slice(1).map((found) => (found < 1 ? 1 - found : null)), i))),
    ...all.map(([domain, one]) => chart(nameOf(domain), `Scores on ${shortened(domain, 80)}: reals and fakes`, "scores", () => counts(told, one))),
  ];
}

function curve(domain, x, y, i) {
  return { type: "scatter", mode: "lines", name: label(domain), x, y, line: lineOf(i), hoverinfo: "text", text: x.map((rate, k) => `${label(domain)}<br>${percent(rate)} false alarms<br>${percent(y[k])}`) };
}

function counts(told, one) {
  const step = (told.high - told.low) / one.reals.length || 1;
  const x = one.reals.map((_, i) => told.low + (i + 0.5) * step);
  const bars = (name, y, colour) => ({ type: "bar", name, x, y, width: step, marker: { color: colour, opacity: 0.6 }, hoverinfo: "x+y+name" });
  return [bars("real", one.reals, colour(0)), bars("fake", one.fakes, colour(1))];
}

function curvesPart(charts) {
  if (!charts.length) return [element("h3", {}, "Curves"), element("p", {}, "Not in this page: either it has no room for the curves of this row, or the score files could not be read. A page with fewer rows (--study) has room for more.")];
  return [element("h3", {}, "Curves"), element("div", { class: "charts" }, charts.slice(0, 2).map((one) => one.figure)),
    element("h3", {}, "Scores of the test pictures"), element("p", {}, "Histograms of the first draw. The axis covers the central 99 % of all scores of this row."),
    element("div", { class: "charts" }, charts.slice(2).map((one) => one.figure))];
}

function spectrumPart(row) {
  const source = DATA.spectra[row.run_id];
  if (!source) return [];
  const about = "Mean log-power spectrum of real and fake training pictures and their difference, the chosen band shaded";
  return [element("h3", {}, "Spectrum of the training pictures"), element("img", { src: source, alt: about })];
}

function sweepChart(row) {
  return sweepOf(row).length > 2 ? [chart(`Validation AUC of single narrow bands; evidence: ${row.evidence}`, `Validation AUC of single narrow bands kept, ${shortened(row.detector, 60)} trained on ${shortened(row.train, 60)}`, "bands", () => sweepTraces(row), (layout) => markBand(layout, row))] : [];
}

function bandsPart(row, charts) {
  if (!charts.length) return [];
  const more = BAND_CELLS.has(row.run_id) ? [element("p", { class: "screen-only" }, element("a", { href: address({ row: "", part: "bands", cell: row.run_id }), on: { click: (event) => { event.preventDefault(); showBands(row.run_id); } } }, "The same bands on the test domains"))] : [];
  return [element("h3", {}, "Bands evaluated on the training domain"), element("div", { class: "charts" }, charts.map((one) => one.figure)), ...more];
}

// --- mistakes and submissions -----------------------------------------------------------------------------------------

function mistakesPart(row) {
  if (row.role !== "chosen" || row.origin !== "recorded") return [];
  const told = DATA.mistakes[row.run_id] ?? {};
  const domains = row.tests.map((test) => test.domain);
  const shown = domains.filter((name) => told[name]);
  const hidden = domains.filter((name) => !told[name]);
  const why = hidden.length ? [element("p", { class: "meta", dir: "auto" }, `No pictures of ${shortened(hidden.join(", "), 400)}: they were not recorded, their licence does not permit it, or this page has no room for them.`)] : [];
  return [element("h3", {}, "Worst mistakes"),
    ...(shown.length ? [element("p", {}, "The test pictures with the largest errors of the chosen band, worst first. A higher score means more fake.")] : []),
    ...shown.flatMap((name) => [mistakesOf("Reals with the highest scores", name, "real", told[name].reals), mistakesOf("Fakes with the lowest scores", name, "fake", told[name].fakes)]), ...why];
}

function mistakesOf(title, domain, kind, pictures) {
  if (!pictures?.length) return "";
  return element("div", { class: "mistakes" }, element("h4", { dir: "auto" }, `${title}, ${shortened(domain, 80)}`),
    element("ul", {}, pictures.map(([item, score, source]) => element("li", {},
      element("img", { src: source, alt: `${kind} picture ${shortened(item, 120)}, score ${fixed(score)}`, width: 96, height: 96 }),
      element("bdi", { class: "name", title: item.length > 24 ? shortened(item, 400) : null }, shortened(item, 120)), element("span", { class: "sub" }, `score ${fixed(score)}`)))));
}

function submissionPart(row) {
  const told = row.submission;
  if (!told) return [];
  const text = (value) => (Array.isArray(value) ? value.map(text).join(", ") : value === null || value === undefined ? ""
    : typeof value === "object" ? Object.entries(value).map(([name, part]) => `${name}: ${text(part)}`).join("; ") : String(value));
  const lines = Object.entries(told).filter(([name, value]) => !["notes", "summary", "verification"].includes(name) && text(value)).flatMap(([name, value]) => fact(name, shortened(text(value), 2000)));
  const notes = (told.summary ?? []).map((note) => element("li", { dir: "auto" }, shortened(String(note), 2000)));
  return [element("h3", {}, "Submission"), element("dl", { class: "facts" }, lines), ...(notes.length ? [element("ul", {}, notes)] : [])];
}

function transferPart(row) {
  const entries = row.threshold_transfer ?? [];
  if (!entries.length) return [];
  const span = (one, name) => (known(one[name + "_lo"]) ? element("span", { class: "sub" }, `${(100 * one[name + "_lo"]).toFixed(1)}–${(100 * one[name + "_hi"]).toFixed(1)}`) : "");
  const lines = entries.map((one) => [[nameOf(one.domain), row.home.has(one.domain) ? element("span", { class: "sub" }, "in-domain") : ""],
    [percent(one.false_alarms), span(one, "false_alarms")], [percent(one.detections), span(one, "detections")], fixed(one.calibration_error), one.reason || ""]);
  return [element("h3", {}, "Threshold transfer"),
    element("p", {}, "The threshold (1 % false alarms) and the calibration of probabilities come from validation pictures of the training domain. The table gives their results on test pictures."),
    plainTable("Threshold transfer", ["test domain", "false alarms", "fakes found", "calibration error", "reason for missing rates"], lines)];
}

function robustnessPart(row) {
  const entries = DATA.details[row.id]?.robustness ?? [];
  if (!entries.length) return [];
  const lines = entries.map((one) => [[element("bdi", {}, one.perturbation)], one.scope, aucText(one.clean_auc), measured(one.auc, one.auc_lo, one.auc_hi), signed(-one.drop), between(one.drop_lo, one.drop_hi).replace("–", " to ") || "–", String(one.domains.length)]);
  return [element("h3", {}, "Under perturbations of the test pictures"), plainTable("Perturbations", ["perturbation", "tested", "AUC unperturbed", "AUC", "change", "AUC lost, 95 % interval", "domains"], lines)];
}

// --- manifest ---------------------------------------------------------------------------------------------------------

function manifestPart(row) {
  const cell = DATA.cells[row.run_id] ?? {};
  const pairs = (values) => Object.entries(values ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
  const digests = (values) => Object.entries(values ?? {}).map(([name, value]) => element("div", {}, element("bdi", {}, shortened(name, 200)), " ", element("code", {}, String(value).slice(0, 16))));
  const alike = Object.entries(cell.lookalikes ?? {}).filter(([domain]) => DATA.domains.includes(domain)).flatMap(([domain, found]) => (found.pairs ?? []).map(([one, other]) => element("div", {}, element("bdi", {}, `${domain}: ${one} looks like ${other}`))));
  return [
    element("h3", {}, "Manifest"),
    element("dl", { class: "facts" },
      fact("study", row.study), fact("view", row.view), fact("parameters", row.parameters),
      fact("code", pairs(cell.code)), fact("seed", cell.seed === undefined || cell.seed === null ? "" : `${cell.seed}, ${counted(row.seeds, "draw")}`),
      fact("crop", pairs(cell.crop)), fact("split lists", row.split_id ? element("code", {}, row.split_id) : ""),
      fact("versions", row.origin === "recorded" ? pairs(cell.versions) : ""), fact("MLflow run", ...(row.origin === "recorded" ? runLink(row, cell) : [""])), fact("look-alikes", ...alike)),
    ...(cell.code ? [] : [element("p", { class: "meta" }, "The full manifest is in cell.json of the run; this page contains the manifests of the first rows only.")]),
    ...(cell.command && row.origin === "recorded" ? [element("h3", {}, "Repeat it"), element("pre", {}, cell.command), element("p", { class: "meta" }, "Add --data NAME=DIR for every data set that is in a folder of your own. Name a study file of your own by its path.")] : []),
    ...(Object.keys(cell.data ?? {}).length ? [element("details", {}, element("summary", {}, "Digests of the data (draw / domain / split)"), ...digests(cell.data)),
      element("details", {}, element("summary", {}, "Digests of the split lists"), ...digests(cell.splits))] : []),
  ];
}

function runLink(row, cell) {
  if (DATA.server && cell.page) return [element("a", { href: DATA.server + cell.page, rel: "noreferrer" }, row.run_id)];
  return [element("code", {}, row.run_id ?? ""), cell.page ? element("span", { class: "sub" }, `in a local store; start "bench ui" and open ${cell.page}`) : ""];
}
