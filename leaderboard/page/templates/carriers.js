// What detectors live on: AUCs on the peaks of the spectrum, without them and under attacks, with a sentence for every line.

const CARRIERS = DATA.carriers ?? [];
const ATTACKS = [["match_spectrum", "match_spectrum"], ["phase_only", "phase_only"], ["amplitude_only", "amplitude_only"]];
const PARTS_OF_LATTICE = [["comb", "comb"], ["rest", "anticomb"], ["depeaked", "depeak"]];

const latticeName = (lattice) => `${lattice.band.period}${lattice.band.points === "all" ? "" : ` ${lattice.band.points}`}`;

// Columns of one line: heading to estimate.
function carrierEstimates(line) {
  const lattices = line.lattices.flatMap((lattice) => PARTS_OF_LATTICE.map(([part, name]) => [`${name} ${latticeName(lattice)}`, lattice[part]]));
  return new Map([["all frequencies", line.whole], ...lattices, ...ATTACKS.map(([part, name]) => [name, line[part]])].filter(([, one]) => one));
}

function carrierMap(study, lines) {
  const found = new Map(lines.map((line) => [`${line.detector} ← ${line.trained}${line.in_domain ? "" : ` on ${line.domain}`}`, line]));
  const columns = [...new Set(lines.flatMap((line) => [...carrierEstimates(line).keys()]))];
  const cell = (name, column) => {
    const one = carrierEstimates(found.get(name)).get(column);
    const bounds = one ? between(one.lo, one.hi) : "";
    return one ? { text: aucText(one.auc, 2), share: one.auc, about: `${shortened(name, 120)}\n${column}\nAUC ${aucText(one.auc)}${bounds ? ` (${bounds})` : ""}` }
      : { text: "–", about: `${shortened(name, 120)}\n${column}\nnot measured` };
  };
  return element("div", { class: "scroll carriers", role: "region", tabindex: "0", "aria-label": `What detectors live on, ${study}, scrollable` },
    heatTable(study, [...found.keys()], columns, cell, undefined, "detector ↓ what is left →", () => false, (name) => nameOf(name)));
}

function drawCarriers() {
  for (const node of document.querySelectorAll(".with-carriers")) node.hidden = !CARRIERS.length;
  if (!CARRIERS.length) return;
  const parts = [];
  const choice = choiceOf();
  const chosen = CARRIERS.filter((line) => !choice || choice.domains.has(line.domain));
  if (!chosen.length) parts.push(element("p", {}, "Nothing was asked on the chosen test domains."));
  for (const study of new Set(chosen.map((line) => line.study))) {
    const all = chosen.filter((line) => line.study === study);
    const home = all.filter((line) => line.in_domain);
    const lines = home.length ? home : all;
    parts.push(carrierMap(study, lines), element("ul", {}, lines.map((line) => element("li", { dir: "auto" }, element("b", {}, line.name), ": ", line.sentences.join(" ")))));
    if (lines.length < all.length) parts.push(element("p", { class: "meta" }, `${counted(all.length - lines.length, "line")} on other domains than the training domain: in the JSON of the board.`));
  }
  document.getElementById("carrier-tables").replaceChildren(...parts);
}
