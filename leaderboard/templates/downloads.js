// The rows that are shown as files: made here, asked of nobody.

function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const FLAT = DATA.fields.filter((name) => !["tests", "set", "edges", "evidence", "missing", "gaps", "threshold_transfer", "submission", "source", "verified"].includes(name));

function flat(row) {
  const set = DATA.sets[row.set];
  const line = Object.fromEntries(FLAT.map((name) => [name, row[name]]));
  return { ...line, set: set.name, set_domains: set.domains.join("; "), set_pictures: set.digest, band_low: row.edges[0], band_high: row.edges[1],
    evidence_low: row.evidence?.[0] ?? null, evidence_high: row.evidence?.[1] ?? null, oracle_gap: row.gap, left_out_gap: row.left_out_gap, alarms_abroad: transfer(row)?.value ?? null, calibration_error_abroad: transfer(row)?.calibration ?? null, origin: ORIGINS[row.origin], not_tested_on: row.missing.join("; "), gaps: row.gaps.join("; ") };
}

function quoted(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value);
  const plain = /^[=+\-@\t\r]/.test(text) ? "'" + text : text; // a spreadsheet must not take a name for a formula
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function asCsv(rows) {
  const lines = rows.map(flat);
  const heads = Object.keys(lines[0] ?? { detector: "" });
  return [heads.join(","), ...lines.map((line) => heads.map((name) => quoted(line[name])).join(","))].join("\n") + "\n";
}

function asJson(rows) {
  const plain = rows.map((row) => ({ ...flat(row), gaps: row.gaps, not_tested_on: row.missing, ...(row.submission ? { submission: row.submission } : {}), ...(row.threshold_transfer ? { threshold_transfer: row.threshold_transfer } : {}), tests: row.tests }));
  return JSON.stringify({ study: DATA.study, made: DATA.made, sets: DATA.sets, notes: DATA.notes, rows: plain }, null, 1) + "\n";
}

// --- LaTeX ------------------------------------------------------------------------------------------------------------

const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", "–": "--", "−": "$-$", "←": "$\\leftarrow$" };

function texEscaped(text) {
  return [...shortened(String(text).replace(/\s+/g, " "), 120)].map((mark) => TEX[mark] ?? ("&%$#_{}".includes(mark) ? "\\" + mark : mark)).join("");
}

// In bold only what is significantly best: alone in its tie group, and nobody of its set can rank before it.
function clearlyBest(row, rows) {
  const mine = rows.filter((other) => other.set === row.set && known(other.rank_low));
  if (!known(row.rank_low) || row.rank_high !== 1 || mine.length < 2) return false;
  return mine.filter((other) => other.tie_group === row.tie_group).length === 1;
}

function asTex(rows) {
  const heads = [...(HAS_RANKS ? ["rank"] : []), "detector", "trained on", "band (c/px)", "in-domain", "cross-domain", "worst", "gain"];
  const columns = (HAS_RANKS ? "r" : "") + "lllrrrr";
  const lines = [];
  let set = null;
  for (const row of [...rows].sort((a, b) => a.set - b.set)) {
    if (row.set !== set) lines.push("\\midrule", `\\multicolumn{${heads.length}}{l}{\\footnotesize ${texEscaped(setText(DATA.sets[row.set]))}} \\\\`);
    set = row.set;
    lines.push(texLine(row));
  }
  const told = HAS_RANKS ? "bold: significantly best of its set, alone in its tie group" : "no ranks are known, so nothing is bold";
  return [`% ${(DATA.study || "all studies").replace(/\s+/g, " ")}, made ${DATA.made}; AUC with 95 % intervals; ${told}`, "% needs \\usepackage{booktabs}", `\\begin{tabular}{${columns}}`, "\\toprule", heads.join(" & ") + " \\\\", ...lines, "\\bottomrule", "\\end{tabular}", ""].join("\n");
}

function texLine(row) {
  const best = clearlyBest(row, ROWS.filter((other) => other.role !== "allpass"));
  const cell = (name) => {
    if (!known(row[name])) return "--";
    const bounds = between(row[name + "_lo"], row[name + "_hi"]);
    const value = best && name === (DATA.sets[row.set].abroad ? "cross_domain_auc" : "in_domain_auc") ? `\\textbf{${fixed(row[name])}}` : fixed(row[name]);
    return bounds ? `${value} {\\scriptsize ${texEscaped(bounds)}}` : value;
  };
  const rank = !HAS_RANKS ? [] : [known(row.rank_low) ? (row.rank_low === row.rank_high ? row.rank_low : `${row.rank_low}--${row.rank_high}`) : "--"];
  return [...rank, texEscaped(row.detector), texEscaped(row.train), texEscaped(row.band), cell("in_domain_auc"), cell("cross_domain_auc"), cell("worst_auc"), texEscaped(signed(row.gain))].join(" & ") + " \\\\";
}

const FORMS = { csv: ["text/csv", asCsv], json: ["application/json", asJson], tex: ["application/x-tex", asTex] };

function offer(form) {
  const [type, make] = FORMS[form];
  const name = (DATA.study || "leaderboard").replace(/[^\w-]+/g, "_").slice(0, 60);
  download(`${name}.${form}`, type, make(passing()));
}
