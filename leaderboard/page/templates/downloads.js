// The rows that are shown as files: made here, asked of nobody.

function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const FLAT = DATA.fields.filter((name) => !["tests", "set", "edges", "comb", "stretches", "missing", "gaps", "threshold_transfer", "submission", "source", "verified", "marks", "all_marks", "reported", "shown", "trained_shortcut", "ambiguous", "dated", "later", "earlier", "reals_chosen"].includes(name));

function flat(row) {
  const set = DATA.sets[row.set];
  const line = Object.fromEntries(FLAT.map((name) => [name, row[name]]));
  // For chosen test domains rows may have a rank though none has one for all.
  const rank = row.chosen && HAS_RANKS ? { rank_low: row.rank_low, rank_high: row.rank_high, tie_group: row.tie_group } : {};
  return { ...line, ...rank, ...chosenColumns(), set: set.name, set_domains: set.domains.join("; "), set_pictures: set.digest, band_low: row.edges[0], band_high: row.edges[1],
    band_period: row.comb?.period ?? null, band_halfwidth: row.comb?.halfwidth ?? null, band_points: row.comb?.points ?? null,
    evidence_low: row.stretches[0]?.[0] ?? null, evidence_high: row.stretches.at(-1)?.[1] ?? null, oracle_gap: row.gap, left_out_gap: row.left_out_gap, alarms_abroad: transfer(row)?.value ?? null, calibration_error_abroad: transfer(row)?.calibration ?? null, origin: ORIGINS[row.origin], not_tested_on: row.missing.join("; "), marks: row.all_marks.join("; "), gaps: row.gaps.join("; ") };
}

// A file of numbers that were computed for a choice says so.
function chosenColumns() {
  const choice = choiceOf();
  return choice ? { chosen_test_domains: [...choice.domains].join("; "), chosen_reals: choice.against || "as tested" } : {};
}

function quoted(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value);
  const plain = /^'*[=+\-@\t\r]/.test(text) ? "'" + text : text; // a spreadsheet must not take a name for a formula
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function asCsv(rows) {
  const lines = rows.map(flat);
  const heads = Object.keys(lines[0] ?? { detector: "" });
  return [heads.join(","), ...lines.map((line) => heads.map((name) => quoted(line[name])).join(","))].join("\n") + "\n";
}

function asJson(rows) {
  const plain = rows.map((row) => ({ ...flat(row), gaps: row.gaps, marks: row.all_marks, not_tested_on: row.missing, ...(row.submission ? { submission: row.submission } : {}), ...(row.reported ? { reported: row.reported } : {}), ...(row.threshold_transfer ? { threshold_transfer: row.threshold_transfer } : {}), tests: row.tests }));
  return JSON.stringify({ study: DATA.study, made: DATA.made, ...chosenColumns(), sets: DATA.sets, notes: choiceOf() ? chosenNotes(choiceOf()) : DATA.notes, rows: plain, ranking }, null, 1) + "\n";
}

const fileName = (text) => text.replace(/[^\w-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60);

// --- LaTeX ------------------------------------------------------------------------------------------------------------

const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", "–": "--", "−": "$-$", "±": "$\\pm$", "←": "$\\leftarrow$" };

function texEscaped(text, length = 120) {
  return [...shortened(String(text).replace(/\s+/g, " "), length)].map((mark) => TEX[mark] ?? ("&%$#_{}".includes(mark) ? "\\" + mark : mark)).join("");
}

// A name may break after what separates its parts, as on the page.
const texName = (text, length = 80) => shortened(String(text).replace(/\s+/g, " "), length).split(/(?<=[/@+_:=-])/).map((part) => texEscaped(part)).join("\\allowbreak{}");
const texNumber = (value) => (known(value) ? aucText(value) : "--");
const texSigned = (value) => (known(value) ? `$${signed(value).replace("−", "-")}$` : "--");

// Columns of numbers of the table, and how their values are written.
const TEX_NUMBERS = DATA.described.rows.filter((column) => column.latex);
const texValue = (row, { id, unit }) => (unit === "difference" ? texSigned(row[id]) : unit === "AUC" ? texNumber(row[id]) : known(row[id]) ? texEscaped(WRITTEN[unit](row[id])) : "--");

// Three digits in four places: with a zero before each, three intervals would not stand side by side.
const texBound = (value) => bound(value).replace(/^0(?=\.)/, "");
const texInterval = (low, high) => (known(low) && known(high) ? `{\\scriptsize ${texBound(low)}--${texBound(high)}}` : "");

// In bold only what is significantly best: alone in its tie group, nobody of its set can rank before it, and better than chance.
function clearlyBest(row, rows) {
  const mine = rows.filter((other) => other.set === row.set && known(other.rank_low));
  if (!known(row.rank_low) || row.rank_high !== 1 || mine.length < 2 || !(row.headline > 0.5)) return false;
  return mine.filter((other) => other.tie_group === row.tie_group).length === 1;
}

const TEX_LINES = 36; // on a page, with room for caption and notes
const TEX_SETS = 6; // that notes tell of
const TEX_NOTES = 14; // lines that notes take
const TEX_LETTERS = 17; // of a name in its column
const TEX_COLUMNS = 6; // test domains beside each other
const texParts = (items, n) => Array.from({ length: Math.max(1, Math.ceil(items.length / n)) }, (_, i) => items.slice(i * n, (i + 1) * n));
const texTall = (...names) => names.reduce((sum, name) => sum + Math.ceil(Math.min(name.length + 2, 82) / TEX_LETTERS), 0);

// Parts whose lines fit a page.
function texPages(items, linesOf) {
  const pages = [[]];
  let left = TEX_LINES;
  for (const item of items) {
    left -= linesOf(item);
    if (left < 0 && pages.at(-1).length) { pages.push([]); left = TEX_LINES - linesOf(item); }
    pages.at(-1).push(item);
  }
  const last = pages.at(-1);
  if (left < TEX_NOTES && last.length > 1) pages.splice(-1, 1, last.slice(0, Math.ceil(last.length / 2)), last.slice(Math.ceil(last.length / 2)));
  return pages;
}
const texHead = (needs) => [`% ${(DATA.study || "all studies").replace(/\s+/g, " ")}, made ${DATA.made}`, `% needs ${needs.map((name) => `\\usepackage{${name}}`).join(", ")}; a table has the width of the text; in two columns, use table*`];

// Its caption above it, notes below it, and nothing wider than the text.
function texTable(columns, heads, lines, caption, notes, name) {
  return ["\\begin{table}", "\\centering\\small\\setlength{\\tabcolsep}{2.5pt}", `\\caption{${caption}}`, `\\label{tab:${name}}`, `\\begin{tabular}{@{}${columns}@{}}`, "\\toprule", ...heads, "\\midrule", ...lines, "\\bottomrule", "\\end{tabular}",
    ...(notes ? ["\\par\\smallskip", `\\parbox{\\linewidth}{\\footnotesize ${notes}}`] : []), "\\end{table}", ""];
}

function texCounts(tests) {
  const sizes = tests.map((test) => test.n).filter(known);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return !sizes.length ? "--" : least === most ? String(most) : `${least}--${most}`;
}

function asTex(rows) {
  const told = HAS_RANKS ? "Bold: significantly best of its set, alone in its tie group, and above chance." : "There are no ranks, so nothing is bold.";
  const sorted = [...rows].sort((a, b) => a.set - b.set);
  const sets = [...new Set(sorted.map((row) => row.set))];
  const counts = sets.slice(0, TEX_SETS).map((set) => `${DATA.sets[set].name}: ${texEscaped(DATA.sets[set].domains.join(", "), 120)} ($n = ${texCounts(sorted.filter((row) => row.set === set).flatMap((row) => row.tests.filter((test) => DATA.sets[set].domains.includes(test.domain))))}$ pictures${DATA.sets[set].domains.length > 1 ? " each" : ""}).`);
  const notes = `AUC on test pictures, with the 95\\,\\% interval over groups of pictures and training draws below it. Cross-domain: mean over the other domains of the set. Gain: AUC minus that with all frequencies. ${told} Means over different sets are not comparable. ${choiceOf() ? `Computed for ${texEscaped(choiceText(choiceOf()), 300)}. ` : ""}The sets of test domains are ${counts.join(" ")}${sets.length > TEX_SETS ? ` And ${sets.length - TEX_SETS} more.` : ""}`;
  const under = `${[...(HAS_RANKS ? [""] : []), "$\\leftarrow$ trained on", "", ...TEX_NUMBERS.map(() => "")].join(" & ")} \\\\`;
  const heads = `${[...(HAS_RANKS ? ["rank"] : []), "detector", "band (c/px)", ...TEX_NUMBERS.map((column) => column.latex)].join(" & ")} \\\\`;
  const columns = (HAS_RANKS ? "r" : "") + ">{\\raggedright\\arraybackslash}p{.26\\linewidth}>{\\raggedright\\arraybackslash}p{.16\\linewidth}" + "r".repeat(TEX_NUMBERS.length);
  const pages = texPages(sorted, (row) => Math.max(2, texTall(row.detector, row.train)));
  const study = texName(DATA.study || "all studies");
  return [...texHead(["array", "booktabs"]), ...pages.flatMap((page, i) => texTable(columns, [heads, under], texRows(page),
    `${study}: generalization of detectors${pages.length > 1 ? ` (part ${i + 1} of ${pages.length})` : ""}.`, i === pages.length - 1 ? notes : "", `rows-${i + 1}`))].join("\n");
}

function texRows(rows) {
  const lines = [];
  for (const [i, row] of rows.entries()) {
    if (!i || row.set !== rows[i - 1].set) lines.push(...(i ? ["\\midrule"] : []), `\\multicolumn{${TEX_NUMBERS.length + (HAS_RANKS ? 3 : 2)}}{@{}l}{\\footnotesize Set ${DATA.sets[row.set].name}${DATA.sets[row.set].abroad ? "" : ", in-domain test only"}} \\\\\\addlinespace[1pt]`);
    lines.push(texLine(row));
  }
  return lines;
}

// Two lines: the numbers, and their intervals.
function texLine(row) {
  const best = clearlyBest(row, ROWS.filter((other) => other.role !== "allpass"));
  const headline = DATA.sets[row.set].abroad ? "cross_domain_auc" : "in_domain_auc";
  const values = TEX_NUMBERS.map((column) => (best && column.id === headline ? `\\textbf{${texValue(row, column)}}` : texValue(row, column)));
  const bounds = TEX_NUMBERS.map(({ id, interval }) => (interval && known(row[id]) ? texInterval(row[`${id}_lo`], row[`${id}_hi`]) : ""));
  const rank = !HAS_RANKS ? [] : [known(row.rank_low) ? (row.rank_low === row.rank_high ? row.rank_low : `${row.rank_low}--${row.rank_high}`) : "--"];
  return texPair([...rank, texName(row.detector), texName(row.band), ...values], [...rank.map(() => ""), `$\\leftarrow$ ${texName(row.train)}`, "", ...bounds]);
}

// What stands after the end of a line keeps a name that begins with a bracket from being taken for a length.
const texPair = (first, second) => `${first.join(" & ")} \\\\[-1pt]\n${second.join(" & ")} \\\\\\addlinespace[2pt]`;

// Train x test of the detector that is chosen on the left of the map: a line for each training domain.
function asTexMatrix() {
  const [left] = heatChoices();
  const rows = left ? SERIES.get(left) : [];
  const domains = DATA.domains.filter((name) => rows.some((row) => row.tests.some((test) => test.domain === name)));
  const trains = [...new Set(rows.map((row) => row.train))];
  const cells = cellsOf(rows);
  const parts = texParts(domains, TEX_COLUMNS).flatMap((some) => texPages(trains, (train) => 1 + texTall(train)).map((lines) => [some, lines]));
  const name = rows.length ? texName(seriesText(left)) : "no detector";
  const notes = "AUC on test pictures, one line per training domain, with the 95\\,\\% interval over groups of pictures and training draws below it. An AUC below 0.5 means that reals score higher than fakes. Italic: in-domain; --: not measured. $n$: number of test pictures.";
  return [...texHead(["array", "booktabs", "graphicx"]), ...parts.flatMap(([some, lines], i) => texTable(
    `>{\\raggedright\\arraybackslash}p{.22\\linewidth}${"r".repeat(Math.max(1, some.length))}`,
    [`trained on & ${some.map((domain) => `\\rotatebox{90}{\\parbox[t]{2.6cm}{\\raggedright\\footnotesize ${texName(domain, 60)}}}`).join(" & ")} \\\\`],
    [...lines.map((train) => texMatrixLine(cells, train, some, homes(rows, train))), "\\midrule", `$n$ & ${some.map((domain) => texCounts(rows.flatMap((row) => row.tests.filter((test) => test.domain === domain)))).join(" & ")} \\\\`],
    `Training by test domains: ${name}${parts.length > 1 ? ` (part ${i + 1} of ${parts.length})` : ""}.`, i === parts.length - 1 ? notes : "", `train-x-test-${i + 1}`))].join("\n");
}

function texMatrixLine(cells, train, domains, home) {
  const found = domains.map((domain) => cells(train, domain));
  const values = found.map((test, i) => (home.has(domains[i]) && test && known(test.auc) ? `\\textit{${aucText(test.auc)}}` : texNumber(test?.auc)));
  const bounds = found.map((test) => (test && known(test.auc) ? texInterval(test.auc_lo, test.auc_hi) : ""));
  return texPair([texName(train), ...values], ["", ...bounds]);
}

const FORMS = {
  csv: ["text/csv", asCsv, ".csv"], json: ["application/json", asJson, ".json"], tex: ["application/x-tex", asTex, ".tex"],
  matrix: ["application/x-tex", asTexMatrix, "-train-x-test.tex"],
};

function offer(form) {
  const [type, make, suffix] = FORMS[form];
  download(`${fileName(DATA.study) || "leaderboard"}${suffix}`, type, make(passing()));
}
