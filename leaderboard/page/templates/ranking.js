// The ranking of the detectors over their trainings: a table with intervals as bars, and the coin as a line.

let ranking = DATA.ranking; // for all test domains, or for chosen ones
const HAS_RANKING = rankedStudies().length > 0;

function rankedStudies() {
  const studies = ranking.reduce((groups, place) => groups.set(place.study, [...(groups.get(place.study) ?? []), place]), new Map());
  return [...studies].filter(([, places]) => places.length > 1);
}

const placesText = (row) => (row.rank_low === row.rank_high ? `${row.rank_low}` : `${row.rank_low}–${row.rank_high}`);
const markLabel = (code, row = null) => element("span", { class: "mark", title: DATA.described.marks[code]?.meaning ?? null }, code === "shortcut" && row?.ambiguous ? DATA.described.ambiguous : DATA.described.marks[code]?.label ?? code);

function drawRanking() {
  document.getElementById("ranking").hidden = !HAS_RANKING;
  document.querySelector('nav a[data-part="ranking"]').hidden = !HAS_RANKING;
  const groups = rankedStudies();
  const nouns = groups.flatMap(([, places]) => places.map((place) => place.noun));
  document.getElementById("ranking-over").textContent = nouns.includes("training") ? "trainings" : "training domains";
  const none = element("p", {}, "No two detectors were tested on a chosen test domain besides their training domain.");
  document.getElementById("ranking-tables").replaceChildren(...(groups.length ? [] : [none]), ...groups.map(([study, places]) => rankingTable(study, places, groups.length > 1)));
}

function rankingTable(study, places, named) {
  const { train, noun } = places.find((place) => place.train.length) ?? places[0];
  const over = `mean over ${counted(train.length, noun)}`;
  const leftOut = places[0].left_out.length ? `; not counted: ${counted(places[0].left_out.length, "training")} with shots of a target domain` : "";
  const [low, high] = scaleOf(places);
  const coin = places.find((place) => place.coin && known(place.auc));
  const title = `${study}: ${over}`;
  const tied = (place) => places.filter((other) => other.tie_group === place.tie_group).length > 1;
  const scale = element("span", { class: "ends", "aria-hidden": "true" }, element("span", {}, fixed(low, 2)), element("span", {}, fixed(high, 2)));
  const heads = ["rank", "detector", "mean cross-\ndomain AUC", scale];
  return element("div", { class: "ranking" },
    element("p", { class: "meta", dir: "auto" }, `${named ? study + ": " : ""}${over}${train.length ? `: ${shortened(train.join(", "), 300)}` : ""}${leftOut}`),
    element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": title }, element("table", { "aria-label": title },
      element("thead", {}, element("tr", {}, heads.map((head, i) => element("th", { scope: "col", class: i === 2 ? "number" : null }, head)))),
      element("tbody", {}, places.map((place) => rankingRow(place, low, high, coin, tied(place)))))));
}

function rankingRow(place, low, high, coin, tied) {
  const tie = known(place.tie_group) && tied ? element("span", { class: "sub" }, `tie ${place.tie_group}`) : null;
  return element("tr", { class: place.marks.includes("control") ? "control" : null },
    element("td", {}, known(place.rank_low) ? [placesText(place), tie] : [missing(place.reason || "no rank")]),
    element("th", { scope: "row" }, nameOf(place.detector), remarksOf(place, coin)),
    element("td", { class: "number" }, measured(place.auc, place.lo, place.hi)),
    element("td", { class: "track-cell" }, known(place.lo) ? track(place, low, high, coin) : ""));
}

function remarksOf(place, coin) {
  if (place === coin) return [element("span", { class: "sub" }, "the coin's line")];
  const labels = (place.marks.includes("control") ? ["control"] : place.marks).map((code) => markLabel(code));
  const sub = (text) => element("span", { class: "sub" }, text);
  if (place.nothing_learned_on.length && !place.marks.includes("nothing_learned")) labels.push(sub(`nothing learned on ${place.nothing_learned_on.length} of ${counted(place.train.length, place.noun)}`));
  return labels.length || !place.reason ? labels : [sub(place.reason)];
}

function scaleOf(places) {
  const ends = places.flatMap((place) => [place.lo, place.hi]).filter(known);
  return [Math.min(0.45, ...ends), Math.max(0.55, ...ends)];
}

function track(place, low, high, coin) {
  const at = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const marks = [element("i", { class: "bar", style: `left:${at(place.lo)};width:calc(${at(place.hi)} - ${at(place.lo)})` }), element("i", { class: "dot", style: `left:${at(place.auc)}` })];
  if (coin) marks.unshift(element("i", { class: "coin", style: `left:${at(coin.auc)}` }));
  return element("div", { class: "track", "aria-hidden": "true" }, marks);
}
