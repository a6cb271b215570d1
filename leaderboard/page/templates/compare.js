// Two rows picture by picture: their paired difference, the pictures that one of them gets right, and their ranks of every picture.

const MOST_POINTS = 3000; // of a chart
const MOST_NAMES = 40; // of pictures in a list
const MOST_SHOWN = 12; // pictures of a list
let SCORES = null; // of the page, once they are asked for

async function loadScores() {
  if (SCORES || !document.getElementById("scores")) return;
  SCORES = await block("scores");
  SCORES.byRow = new Map();
  const at = { labels: 0, ranks: 0, verdicts: 0 };
  for (const list of SCORES.lists) { list.n = list.items.length; list.at = at.labels; at.labels += list.n; }
  for (const row of SCORES.rows) {
    const lists = row.lists.map((place, i) => {
      const { n } = SCORES.lists[place];
      const one = { place, cut: row.cuts[i], ranks: SCORES.ranks.subarray(at.ranks, at.ranks + n), verdicts: SCORES.verdicts.subarray(at.verdicts, at.verdicts + (known(row.cuts[i]) ? Math.ceil(n / 8) : 0)) };
      at.ranks += n;
      at.verdicts += one.verdicts.length;
      return one;
    });
    SCORES.byRow.set(row.id, lists);
  }
}

// --- what is compared -----------------------------------------------------------------------------------------------------

const shortName = (row) => `${shortened(row.detector, 40)} ← ${shortened(row.train, 40)}`;

// Short names that tell the two apart.
function pairNames(a, b) {
  const forms = [(row) => row.detector, shortName, (row) => `${shortName(row)}, ${row.band}`, (row) => `${shortName(row)}, ${row.band} (${row.id})`];
  const form = forms.find((one) => one(a) !== one(b)) ?? forms.at(-1);
  return [form(a), form(b)].map((text) => shortened(text, 120));
}

// Test domains that both were scored on, on the same pictures, with the places of both among their picture sets.
function commonDomains(a, b, choice) {
  const [one, other] = [ENTRIES.get(a.id), ENTRIES.get(b.id)];
  if (!one || !other) return [];
  const against = choice?.against ?? AS_TESTED;
  return DATA.domains.filter((name) => !choice || choice.domains.has(name)).flatMap((domain) => {
    const places = [placeOn(one, domain, against), placeOn(other, domain, against)];
    if (places.includes(undefined) || one.sets[places[0]] !== other.sets[places[1]] || one.troubles[places[0]] || other.troubles[places[1]]) return [];
    return [{ domain, places }];
  });
}

const countsAbroad = (row, domain) => HEADLINE_OF[row.place].abroad && HEADLINE_OF[row.place].domains.has(domain);

function pairOn(a, b, domains) {
  const [one, other] = [[a, 0], [b, 1]].map(([row, side]) => contestantOf(ENTRIES.get(row.id), domains.map(({ places }) => places[side]), ""));
  return { ...pairedInterval(one, other), values: [one.replicates.value, other.replicates.value] };
}

const pText = (p) => (p < 0.0001 ? "< 0.0001" : p.toFixed(4));

function differencePart(a, b, names, choice) {
  const common = commonDomains(a, b, choice);
  if (!common.length) {
    const without = [a, b].filter((row) => !ENTRIES.has(row.id)).map((row) => `The influences of ${shortName(row)} are not in this page: ${NOT_HERE}.`);
    return [element("h3", {}, "Difference of AUC"), element("p", {}, without.join(" ") || "No test domain has the same pictures for both rows, so that no paired difference exists.")];
  }
  const abroad = common.filter(({ domain }) => countsAbroad(a, domain) && countsAbroad(b, domain));
  const where = (domain) => (a.home.has(domain) && b.home.has(domain) ? [element("span", { class: "sub" }, "in-domain for both")] : [a, b].map((row, i) => (row.home.has(domain) ? `in-domain for ${names[i]}` : "")).filter(Boolean).map((text) => element("span", { class: "sub" }, text)));
  const line = (head, domains) => {
    const told = pairOn(a, b, domains);
    return [head, fixed(told.values[0]), fixed(told.values[1]), [signed(told.value), element("span", { class: "sub" }, RANGES.difference(told.low, told.high))], pText(told.p)];
  };
  const lines = abroad.length > 1 ? [line([element("b", {}, `mean over ${counted(abroad.length, "domain")} that are cross-domain for both`)], abroad)] : [];
  lines.push(...common.map((one) => line([nameOf(one.domain), ...where(one.domain)], [one])));
  const paired = ENTRIES.get(a.id).training >= 0 && ENTRIES.get(a.id).training === ENTRIES.get(b.id).training && a.seeds === b.seeds;
  return [element("h3", {}, "Difference of AUC"),
    plainTable("Paired differences", ["test domain", names[0], names[1], "difference", "p"], lines),
    element("p", {}, `Positive: ${names[0]} is better. The difference is paired by group of test pictures${paired ? " and by training draw, as both were trained on the same pictures" : "; the two were trained on other pictures, so the variances between their draws are added"}. The 95 % interval and the two-sided p-value are those that ranks are made of, for this pair alone: ranks also correct for all pairs of a set (Holm).${choice ? ` Chosen: ${choiceText(choice)}.` : ""}`)];
}

// --- pictures -------------------------------------------------------------------------------------------------------------

const listsOf = (row) => SCORES?.byRow.get(row.id) ?? [];

// Lists of pictures that both rows have ranks of.
function commonLists(a, b, choice) {
  return listsOf(a).flatMap((one) => {
    const other = listsOf(b).find((list) => list.place === one.place);
    const list = SCORES.lists[one.place];
    return other && (!choice || choice.domains.has(list.domain)) ? [{ ...list, sides: [one, other] }] : [];
  });
}

const isFake = (list, i) => SCORES.labels[list.at + i] === 1;
const calledFake = (side, i) => ((side.verdicts[i >> 3] >> (7 - (i & 7))) & 1) === 1;
const judged = (list) => list.sides.every((side) => known(side.cut));

// Pictures of a list by label and by the rows that are right about them.
function verdictsOf(list) {
  const found = { real: { both: [], first: [], second: [], none: [] }, fake: { both: [], first: [], second: [], none: [] } };
  for (let i = 0; i < list.n; i += 1) {
    const fake = isFake(list, i);
    const [one, other] = list.sides.map((side) => calledFake(side, i) === fake);
    found[fake ? "fake" : "real"][one && other ? "both" : one ? "first" : other ? "second" : "none"].push(i);
  }
  return found;
}

function scoresMissing(a, b) {
  const without = [a, b].filter((row) => !listsOf(row).length);
  if (!without.length) return "The two rows have no test domain with the same scored pictures.";
  const room = SCORES ? `this page has room for the scores of ${counted(SCORES.byRow.size, "row")}` : "this page was made without score files";
  const study = without[0].study ? ` --study '${without[0].study}'` : "";
  return `The scores of ${without.map(shortName).join(" and ")} are not here: ${room}. A page of fewer rows has more room: bench leaderboard${study} --html FILE. All scores are in the folder "scores" of the artifacts of the run.`;
}

function picturesPart(a, b, names, choice) {
  const lists = commonLists(a, b, choice);
  if (!lists.length) return [element("h3", {}, "Pictures"), element("p", {}, scoresMissing(a, b))];
  const rated = lists.filter(judged);
  const unrated = lists.length > rated.length ? [element("p", { class: "meta" }, "A row without validation pictures has no threshold, so nothing is right or wrong there.")] : [];
  const cells = (sides) => [sides.first, sides.second, sides.none].map((some) => String(some.length)).concat(String(Object.values(sides).reduce((sum, some) => sum + some.length, 0)));
  const told = rated.map((list) => ({ list, found: verdictsOf(list) }));
  const lines = told.map(({ list, found }) => [[nameOf(list.domain)], ...cells(found.real), ...cells(found.fake)]);
  const heads = ["test domain", ...["reals", "fakes"].flatMap((kind) => [`${kind}: only\n${names[0]} right`, `${kind}: only\n${names[1]} right`, `${kind}:\nboth wrong`, `all\n${kind}`])];
  return [element("h3", {}, "Pictures that one gets right and the other wrong"),
    ...(rated.length ? [element("div", { class: "verdicts" }, plainTable("Pictures by the rows that are right", heads, lines))] : []),
    element("p", {}, `Each row has a threshold of its own in each draw: the one with the largest balanced accuracy on validation pictures of its training domain. A picture counts as called fake where at least half of the draws call it fake.${choice && choice.against !== AS_TESTED ? " Pictures are those of the test domains as tested, not those of the chosen reals." : ""}`),
    ...unrated, ...told.flatMap(({ list, found }) => disagreements(a, b, names, list, found))];
}

function disagreements(a, b, names, list, found) {
  const parts = [["first", 0, b], ["second", 1, a]].flatMap(([side, i, loser]) => ["fake", "real"].flatMap((kind) => {
    const places = found[kind][side].sort((x, y) => gapOf(list, y) - gapOf(list, x));
    return places.length ? [picturesOf(`${kind}s that only ${names[i]} gets right: ${places.length}`, list, places, kind, loser)] : [];
  }));
  return parts.length ? [element("details", { class: "disagreements" }, element("summary", {}, `Which pictures: ${shortened(list.domain, 80)}`), ...parts)] : [];
}

const gapOf = (list, i) => Math.abs(list.sides[0].ranks[i] - list.sides[1].ranks[i]);

// Pictures are shown where they are among the recorded mistakes of the row that is wrong: those may be shown.
function picturesOf(title, list, places, kind, loser) {
  const recorded = loser.role === "chosen" ? DATA.mistakes[loser.run_id]?.[list.domain]?.[`${kind}s`] ?? [] : [];
  const addresses = new Map(recorded.map(([item, , source]) => [item, source]));
  const shown = places.filter((i) => addresses.has(list.items[i])).slice(0, MOST_SHOWN);
  const pictures = shown.length ? [element("ul", {}, shown.map((i) => element("li", {},
    element("img", { src: addresses.get(list.items[i]), alt: `${kind} picture ${shortened(list.items[i], 120)}`, width: 96, height: 96 }),
    element("bdi", { class: "name", title: list.items[i] }, shortened(list.items[i], 120)))))] : [];
  const more = places.length > MOST_NAMES ? ` and ${places.length - MOST_NAMES} more` : "";
  return element("div", { class: "mistakes" }, element("h4", { dir: "auto" }, title), ...pictures,
    element("p", { class: "meta", dir: "auto" }, places.slice(0, MOST_NAMES).map((i) => list.items[i]).join(", ") + more,
      shown.length ? "" : ". No picture of these is on this page: none is among the recorded worst mistakes, or the data may not be shown."));
}

// --- ranks of every picture -------------------------------------------------------------------------------------------------

function scatterPart(a, b, names, choice) {
  const lists = commonLists(a, b, choice);
  if (!lists.length) return { nodes: [], charts: [] };
  const list = lists.find((one) => one.domain === state.on) ?? lists[0];
  const select = element("select", { id: "scatter-on", on: { change: (event) => { state.on = event.target.value; writeAddress(); drawRow(); document.getElementById("scatter-on")?.focus(); } } });
  fillOptions(select, lists.map((one) => [one.domain, one.domain]), list.domain);
  const step = Math.ceil(list.n / MOST_POINTS);
  const about = `Ranks of the test pictures of ${shortened(list.domain, 60)} by ${names[0]} and by ${names[1]}`;
  const one = chart(`Every picture of ${shortened(list.domain, 80)}`, about, "pairs", () => scatterTraces(list, step), (layout) => nameAxes(layout, list, names));
  return { charts: [one], nodes: [element("h3", {}, "Scores of both rows"), element("form", { class: "choices", on: { submit: (event) => event.preventDefault() } }, element("label", {}, "Test domain ", select)),
    element("p", {}, `The rank of a picture among all pictures of the test domain, 0 the lowest score and 1 the highest, mean over the draws; in steps of 1/${SCORES.steps}. Dotted: the thresholds, as ranks.${step > 1 ? ` Every ${step}th picture is drawn.` : ""}`),
    element("div", { class: "charts" }, one.figure)] };
}

function scatterTraces(list, step) {
  const kinds = [["real", false, 0, "circle"], ["fake", true, 1, "x"]];
  return kinds.map(([name, fake, i, symbol]) => {
    const mine = Array.from({ length: Math.ceil(list.n / step) }, (_, k) => k * step).filter((k) => isFake(list, k) === fake);
    return { type: "scatter", mode: "markers", name, x: mine.map((k) => list.sides[0].ranks[k] / SCORES.steps), y: mine.map((k) => list.sides[1].ranks[k] / SCORES.steps),
      text: mine.map((k) => `${name}: ${label(list.items[k])}`), hoverinfo: "text+x+y", marker: { color: colour(i), symbol, size: 5, opacity: 0.7 } };
  });
}

function nameAxes(layout, list, names) {
  for (const [axis, name, side] of [["xaxis", names[0], list.sides[0]], ["yaxis", names[1], list.sides[1]]]) {
    layout[axis].title.text = `rank by ${label(name, 40)}`;
    if (!known(side.cut)) continue;
    const across = axis === "xaxis" ? { x0: side.cut, x1: side.cut, y0: 0, y1: 1 } : { y0: side.cut, y1: side.cut, x0: 0, x1: 1 };
    layout.shapes = [...(layout.shapes ?? []), { type: "line", ...across, line: { dash: "dot", width: 1, color: colourOf("--quiet") } }];
  }
}

// --- the view ---------------------------------------------------------------------------------------------------------------

let latestComparison = 0;

async function drawComparison(a, b) {
  const detail = document.getElementById("detail");
  const turn = (latestComparison += 1);
  const names = pairNames(a, b);
  const choice = choiceOf();
  const link = (row) => element("a", { href: address({ row: row.id, with: "", part: "" }), on: { click: (event) => { event.preventDefault(); openRow(row.id); } } }, shortName(row));
  const head = [element("h2", { id: "detail-title", tabindex: "-1", dir: "auto" }, `${names[0]} and ${names[1]}, picture by picture`),
    ...[a, b].map((row) => element("p", { class: "meta", dir: "auto" }, link(row), ` · ${row.band}${ROLES[row.role] ? ` (${ROLES[row.role]})` : ""}`)), versusChoice(a, b)];
  await Promise.all([loadInfluences(), loadScores()]);
  if (turn !== latestComparison || state.row !== a.id || state.with !== b.id) return;
  const scatter = scatterPart(a, b, names, choice);
  detail.replaceChildren(backButton(), ...head, ...differencePart(a, b, names, choice), ...picturesPart(a, b, names, choice), ...scatter.nodes);
  for (const one of scatter.charts) one.draw();
  detail.dataset.compared = "yes";
}

// A choice of the row that one is compared with; rows of its set come first.
function versusChoice(row, other = null) {
  const rows = ROWS.filter((one) => one !== row).sort((x, y) => (y.set === row.set) - (x.set === row.set));
  const select = element("select", { id: "versus", on: { change: (event) => event.target.value && openPair(row.id, event.target.value) } });
  fillOptions(select, [["", "choose a row"], ...rows.map((one) => [one.id, `${shortName(one)}, ${one.band}${ROLES[one.role] ? ` (${ROLES[one.role]})` : ""}`])], other?.id ?? "");
  return element("form", { class: "choices screen-only", on: { submit: (event) => event.preventDefault() } }, element("label", {}, "Compare picture by picture with ", select));
}

function openPair(one, other) {
  Object.assign(state, { row: one, with: other, part: "", picked: "" });
  writeAddress(true);
  drawPicked();
  drawRow(true);
}

// --- ticked rows --------------------------------------------------------------------------------------------------------------

const pickedRows = () => state.picked.split(",").map((id) => BY_ID.get(id)).filter(Boolean).slice(-2);

function pickBox(row) {
  const change = (event) => {
    const others = pickedRows().filter((one) => one !== row);
    state.picked = [...others, ...(event.target.checked ? [row] : [])].slice(-2).map((one) => one.id).join(",");
    writeAddress();
    drawPicked();
  };
  return element("input", { type: "checkbox", class: "pick screen-only", "data-pick": row.id, checked: pickedRows().includes(row), "aria-label": `Compare ${shortName(row)}`, title: "Tick two rows to compare them picture by picture", on: { change } });
}

function drawPicked() {
  const rows = pickedRows();
  for (const box of document.querySelectorAll("#rows input[data-pick]")) box.checked = rows.some((row) => row.id === box.dataset.pick);
  const bar = document.getElementById("picked");
  bar.hidden = !rows.length;
  const button = element("button", { type: "button", id: "compare", on: { click: () => openPair(rows[0].id, rows[1].id) } }, "Compare the two picture by picture");
  bar.replaceChildren(rows.map(shortName).join(" and ") || "", rows.length === 2 ? button : " is ticked. Tick another row to compare the two.");
}
