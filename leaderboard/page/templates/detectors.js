// Ranking of the detectors over their trainings on chosen test domains: leaderboard/ranking/detectors.py in JavaScript.

const CROSSES = new Map(); // by two rows: their numbers of picture sets, and where the products of their influences begin

function readCrosses() {
  let at = 0;
  for (const [one, other, n, m] of INFLUENCES.crosses) {
    CROSSES.set(`${one} ${other}`, [m, at, false]);
    CROSSES.set(`${other} ${one}`, [m, at, true]);
    at += n * m;
  }
}

// Sum over draws of the products of the influences of two rows, as a mean over their places; null where the page has none.
function crossTrace([one, places], [other, others]) {
  const found = CROSSES.get(`${one.index} ${other.index}`);
  if (!found) return null;
  const [m, at, turned] = found;
  const of = (i, j) => INFLUENCES.cross_traces[at + (turned ? j * m + i : i * m + j)];
  return average(places.flatMap((i) => others.map((j) => of(i, j))));
}

// Mean over trainings, each of which weighs the same: `parts` are pairs of an entry and its places.
function meanContestant(name, parts) {
  const frame = frameOf(parts.flatMap(([entry, places]) => places.map((place) => entry.sets[place])));
  const members = parts.map(([entry, places]) => contestantOf(entry, places, name));
  const all = (draw) => {
    const sum = new Float64Array(frame.length);
    for (const [entry, places] of parts) influencesOn(entry, places, frame, draw).forEach((one, i) => { sum[i] += one / parts.length; });
    return sum;
  };
  const values = members[0].replicates.values.map((_, k) => average(members.map((one) => one.replicates.values[k])));
  const counts = { n_groups: Math.min(...members.map((one) => one.replicates.n_groups)), n_pairs: Math.min(...members.map((one) => one.replicates.n_pairs)) };
  const own = parts.map((_, i) => members[i].replicates.trace);
  const crossed = parts.flatMap((one, i) => parts.slice(i + 1).map((other) => (values.length < MIN_DRAWS ? 0 : crossTrace(one, other))));
  // Without the products of two trainings nothing is taken off the variance between draws: the interval is wider.
  const trace = crossed.includes(null) ? 0 : (own.reduce((sum, part) => sum + part, 0) + 2 * crossed.reduce((sum, part) => sum + part, 0)) / parts.length ** 2;
  const few = members[0].replicates.singles.length > 0;
  const singles = few ? values.map((value, k) => made([value], all(k), frame, counts, 0)) : [];
  const replicates = { ...made(values, all(null), frame, counts, trace), singles };
  const trainings = parts.map(([entry]) => entry.training);
  const overlap = Math.max(...parts.map(([entry]) => entry.overlap));
  const unseen = members.reduce((sum, one) => sum + one.unseen, 0) / parts.length ** 2;
  return { name, replicates, unseen, entry: { training: trainings.includes(-1) ? -1 : trainingKey(trainings.join()), overlap } };
}

const TRAINING_KEYS = new Map();
const trainingKey = (text) => { if (!TRAINING_KEYS.has(text)) TRAINING_KEYS.set(text, TRAINING_KEYS.size); return TRAINING_KEYS.get(text); };

// Places in the ranking of each study, in the form of those for all test domains.
function rankingOf(rows, against) {
  const abroad = rows.filter((one) => one.role === "chosen" && !one.earlier && one.abroad.length && !one.problem);
  const counted = abroad.filter((one) => !one.whole.shots);
  const recorded = counted.filter(({ whole }) => whole.origin === "recorded");
  const studies = recorded.length ? [...new Set(recorded.map(({ whole }) => whole.study))].sort(byText) : counted.length ? [""] : [];
  return studies.flatMap((study) => {
    const some = abroad.filter(({ whole }) => whole.study === study || whole.origin !== "recorded");
    const leftOut = [...new Set(some.filter(({ whole }) => whole.shots).map((one) => one.train))].sort(byText);
    return studyRanking(study, some.filter(({ whole }) => !whole.shots), against).map((place) => ({ ...place, left_out: leftOut }));
  });
}

function studyRanking(study, rows, against) {
  const byDetector = new Map();
  for (const one of rows) {
    if (!byDetector.has(one.detector)) byDetector.set(one.detector, new Map());
    const trained = byDetector.get(one.detector);
    if (!trained.has(one.train)) trained.set(one.train, one);
  }
  const controls = new Set(rows.filter((one) => one.all_marks.includes("control")).map((one) => one.detector));
  const train = commonTraining(byDetector, controls);
  const noun = DATA.ranking.find((place) => place.study === study)?.noun ?? "training";
  const [reasons, parts] = [new Map(), new Map()];
  for (const [detector, trained] of byDetector) {
    const found = trainedParts(trained, train, noun, against);
    if (typeof found === "string") reasons.set(detector, found);
    else parts.set(detector, found);
  }
  const pictures = new Map([...parts].map(([name, each]) => [name, each.map(([entry, places]) => places.map((place) => entry.sets[place]).sort((a, b) => a - b).join()).join(";")]));
  const usual = mostFrequent([...pictures].filter(([name]) => !controls.has(name)).map(([, key]) => key)) ?? mostFrequent([...pictures.values()]);
  for (const [name, key] of pictures) if (key !== usual) reasons.set(name, "scored on other test pictures than the others");
  const usable = [...parts.keys()].filter((name) => !reasons.has(name));
  const means = new Map(usable.map((name) => [name, meanContestant(name, parts.get(name))]));
  const before = (name) => DATA.ranking.find((place) => place.study === study && place.detector === name);
  const marks = new Map(usable.map((name) => [name, marksOfMean(means.get(name), before(name)?.marks ?? [])]));
  for (const name of usable) {
    const mark = markWithoutRank(marks.get(name));
    if (mark) reasons.set(name, DATA.described.marks[mark].label);
  }
  const ranked = usable.filter((name) => !reasons.has(name));
  const places = new Map(ranked.length > 1 ? [...placesOf(ranked.map((name) => means.get(name)))].map(([one, place]) => [one.name, place]) : []);
  if (ranked.length === 1) reasons.set(ranked[0], "no other detector may be ranked");
  const found = [...byDetector.keys()].map((name) => {
    const mean = means.get(name);
    const bounds = mean ? aucInterval(mean.replicates, mean.entry.overlap) : { value: null, ...NO_BOUNDS };
    return { detector: name, study, noun, auc: bounds.value, lo: bounds.low, hi: bounds.high, ...NO_RANK, ...places.get(name), reason: reasons.get(name) ?? "", marks: marks.get(name) ?? [], train: mean ? train : [],
      nothing_learned_on: (before(name)?.nothing_learned_on ?? []).filter((one) => train.includes(one)), coin: before(name)?.coin ?? false };
  });
  return found.sort((a, b) => known(b.auc) - known(a.auc) || (b.auc ?? 0) - (a.auc ?? 0) || byText(a.detector, b.detector));
}

function mostFrequent(keys) {
  const counts = new Map();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || byText(b, a))[0]?.[0];
}

// The trainings that most contestants have in common.
function commonTraining(byDetector, controls) {
  const keys = (some) => some.map(([, trained]) => JSON.stringify([...trained.keys()].sort(byText)));
  const all = [...byDetector];
  const contestants = keys(all.filter(([name]) => !controls.has(name)));
  const counts = new Map();
  for (const key of contestants.length ? contestants : keys(all)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const best = [...counts].sort(([a, n], [b, m]) => m - n || JSON.parse(b).length - JSON.parse(a).length || byText(b, a))[0];
  return best ? JSON.parse(best[0]) : [];
}

// Entries with the places of their other test domains, by training; a text where the rows of a detector cannot be compared.
function trainedParts(trained, train, noun, against) {
  const absent = train.filter((name) => !trained.has(name));
  if (absent.length) return `not trained on ${listedNames(absent, 3)}`;
  const found = [];
  for (const name of train) {
    const one = trained.get(name);
    const places = placesFor(one.whole, one.counted, against);
    const entry = ENTRIES.get(one.id);
    const trouble = places ? Object.values(entry.troubles)[0] : NOT_HERE;
    if (trouble) return `trained on ${name}: ${trouble}`;
    found.push([entry, places]);
  }
  return new Set(found.map(([entry]) => entry.draws)).size > 1 ? `its ${noun}s have different numbers of draws` : found;
}

// What was learned in-domain does not depend on the chosen test domains.
function marksOfMean({ replicates, entry }, before) {
  const draws = replicates.values.length;
  const { low, high } = aucInterval(replicates, entry.overlap);
  const holds = { one_draw: draws === 1, few_draws: draws > 1 && draws < MIN_DRAWS, like_coin_flip: known(low) && low <= 0.5 && high >= 0.5 };
  return Object.keys(DATA.described.marks).filter((code) => holds[code] ?? before.includes(code));
}
