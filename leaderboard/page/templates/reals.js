// The fakes of test domains against several sources of reals: a map for all rows, and one for each row.

const WITH_REALS = ROWS.filter((row) => row.reals && row.role !== "allpass");
const SHORTCUT_SIGN = " †";
const OWN_REALS = "their own"; // the choice of the reals of each domain's data set

// Headline AUC by choice of the reals, and the choices with which the row leads: of all test domains, or of chosen ones.
const realsOf = (row) => row.reals_chosen ?? row.reals;
const sourcesOf = (rows) => [...new Set(rows.flatMap((row) => Object.keys(realsOf(row).choices)))];

function realsAbout(row, domain, one) {
  const bounds = between(one.lo, one.hi);
  return `fakes of ${shortened(domain, 80)}\nagainst reals of ${shortened(one.source, 80)}\nAUC ${aucText(one.auc)}${bounds ? ` (${bounds})` : ""}\n${counted(one.n_real, "real")}, false alarms at the in-domain threshold: ${percent(one.false_alarms)}${one.lookalikes ? `\n${counted(one.lookalikes, "real looks", "reals look")} like training or validation pictures` : ""}${one.shortcut ? `\nshortcut: ${one.shortcut}` : ""}`;
}

function realsPart(row) {
  if (!row.reals) return [];
  const domains = Object.keys(row.reals.tests).filter(isChosen);
  if (!domains.length) return [];
  const sources = [...new Set(domains.flatMap((domain) => row.reals.tests[domain].map((one) => one.source)))];
  const found = (domain, source) => row.reals.tests[domain].find((one) => one.source === source);
  const cell = (domain, source) => {
    const one = found(domain, source);
    return one && known(one.auc) ? { text: `${aucText(one.auc, 2)}${one.shortcut ? SHORTCUT_SIGN : ""}`, share: one.auc, about: realsAbout(row, domain, one) }
      : { text: "–", about: `fakes of ${shortened(domain, 80)}\nagainst reals of ${shortened(source, 80)}\nnot measured` };
  };
  const alarms = domains.map((domain) => [[nameOf(domain)], ...sources.map((source) => percent(found(domain, source)?.false_alarms))]);
  const same = sources.every((source) => new Set(domains.map((domain) => found(domain, source)?.false_alarms)).size === 1);
  const shortcuts = domains.some((domain) => row.reals.tests[domain].some((one) => one.shortcut));
  const lines = same ? [["all test domains", ...alarms[0].slice(1)]] : alarms;
  return [element("h3", {}, "Generators × reals"),
    element("p", {}, `The fakes of every test domain were scored once and set against the reals of each source. The number is the AUC.${shortcuts ? ` ${SHORTCUT_SIGN.trim()} marks a shortcut: facts of the files alone tell these fakes from these reals.` : ""}`),
    heatTable(`AUC by source of reals, ${shortened(row.detector, 60)}`, domains, sources, cell, undefined, "fakes of ↓ reals of →", () => false),
    element("h4", {}, "False alarms at the in-domain threshold"), plainTable("False alarms by source of reals", ["fakes of", ...sources.map((source) => nameOf(source))], lines)];
}

function drawReals() {
  for (const node of document.querySelectorAll(".with-reals")) node.hidden = !WITH_REALS.length;
  if (!WITH_REALS.length) return;
  const rows = WITH_REALS.filter((row) => Object.keys(realsOf(row).choices).length);
  const sets = [...new Set(rows.map((row) => row.set))].sort((a, b) => a - b);
  const none = element("p", {}, "The chosen test domains were not set against any source of reals.");
  document.getElementById("reals-maps").replaceChildren(...(sets.length ? sets.map((set) => realsMap(set, rows.filter((row) => row.set === set))) : [none]));
}

function realsMap(set, rows) {
  const sources = sourcesOf(rows);
  const several = new Set(rows.map((row) => row.train)).size > 1;
  const name = (row) => [row.detector, several ? `← ${row.train}` : "", row.role === "chosen" ? "" : row.band].filter(Boolean).join(" ");
  const names = new Map(rows.map((row) => [row.id, name(row)]));
  const cell = (id, source) => {
    const row = BY_ID.get(id);
    const value = realsOf(row).choices[source];
    const about = `${shortened(names.get(id), 120)}\n${source === OWN_REALS ? "each domain with its own reals" : `all domains against reals of ${shortened(source, 80)}`}`;
    return known(value) ? { text: aucText(value, 2), share: value, about: `${about}\nmean AUC ${aucText(value)}` } : { text: "–", about: `${about}\nnot measured` };
  };
  return heatTable(`Set ${DATA.sets[set].name}: mean over ${counted(DATA.sets[set].domains.length, "test domain")}`, rows.map((row) => row.id), sources, cell, undefined, "detector ↓ reals of →",
    (id, source) => realsOf(BY_ID.get(id)).leads.includes(source), (id) => nameOf(names.get(id)));
}
