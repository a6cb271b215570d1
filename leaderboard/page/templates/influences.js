// AUCs of rows on chosen picture sets with their intervals, from influences of groups: benchmark/metrics/intervals.py in JavaScript.

const MIN_DRAWS = DATA.min_draws;
const SAME_PICTURES = 0.9;
const FEW_GROUPS = 12;
const FEW_ERRORS = 5;
const TAIL = 0.025;
const NO_VARIANCE = 1e-16;
const NO_BOUNDS = { low: null, high: null };
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values) => { const middle = average(values); return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1); };

// --- what the page holds ------------------------------------------------------------------------------------------------

let INFLUENCES = null; // of the page, once they are asked for
const ENTRIES = new Map(); // by row

async function loadInfluences() {
  if (INFLUENCES || !document.getElementById("influences")) return;
  INFLUENCES = await block("influences");
  const { rows, layouts, sets, classes } = INFLUENCES;
  for (const set of sets) set.width = set.classes.reduce((sum, one) => sum + classes.columns[one], 0);
  const at = { value: 0, trace: 0, gain: 0, gap: 0, scale: 0, number: 0 };
  for (const [index, entry] of rows.entries()) {
    Object.assign(entry, layouts[entry.layout], { index, at: { ...at } });
    const n = entry.sets.length;
    const vectors = entry.draws > 1 && entry.draws < MIN_DRAWS ? entry.draws : 1;
    const pairs = entry.draws < MIN_DRAWS ? 0 : (n * (n + 1)) / 2;
    entry.vectors = vectors;
    entry.offsets = [];
    for (const set of entry.sets) { entry.offsets.push(at.number); at.number += vectors * sets[set].width; }
    at.value += n * entry.draws;
    at.scale += n * vectors;
    at.trace += pairs;
    for (const pair of ["gain", "gap"]) at[pair] += entry[pair]?.traced ? pairs : 0;
    const [domains, sources] = [INFLUENCES.domains, INFLUENCES.sources];
    entry.place = new Map(entry.places.map(([domain, source, place]) => [JSON.stringify([domains[domain], sources[source]]), place]));
    ENTRIES.set(entry.id, entry);
  }
  readNarrow();
  readCrosses();
  await loadRates();
}

const NARROW = new Map(); // by run: AUCs of each narrow band by test domain

function readNarrow() {
  const { narrow, narrow_bands: runs, domains } = INFLUENCES;
  let at = 0;
  for (const { run, domains: tested, bands } of runs) {
    NARROW.set(run, Array.from({ length: bands }, (_, i) => new Map(tested.map((place, k) => [domains[place], narrow[at + i * tested.length + k]]))));
    at += bands * tested.length;
  }
}

const placeOn = (entry, domain, source) => entry.place.get(JSON.stringify([domain, source]));
const namesOf = (entry, place) => entry.places.filter(([, , at]) => at === place).map(([domain, source]) => [INFLUENCES.domains[domain], INFLUENCES.sources[source]]);
// Place of another row on the pictures that a row has at a place.
const placeLike = (other, entry, place) => namesOf(entry, place).map(([domain, source]) => placeOn(other, domain, source)).find((found) => found !== undefined);
const valuesOn = (entry, place) => INFLUENCES.values.subarray(entry.at.value + place * entry.draws, entry.at.value + (place + 1) * entry.draws);

// Sum over the upper triangle of pairs of places, as over all ordered pairs.
function tracesOf(from, start, n, places) {
  const at = (i, j) => from[start + i * n - (i * (i - 1)) / 2 + (j - i)];
  let sum = 0;
  for (const a of places) for (const b of places) sum += at(Math.min(a, b), Math.max(a, b));
  return sum / places.length ** 2;
}

// --- groups of several picture sets -----------------------------------------------------------------------------------------

const FRAMES = new Map();

// Columns of the groups of some picture sets, and the kinds of their classes: what they hold in each of the sets.
function frameOf(sets) {
  const key = sets.join();
  if (FRAMES.has(key)) return FRAMES.get(key);
  const { classes } = INFLUENCES;
  const signature = new Map();
  for (const [i, set] of sets.entries()) INFLUENCES.sets[set].classes.forEach((one, k) => signature.set(one, `${signature.get(one) ?? ""}${i}:${INFLUENCES.sets[set].kinds[k]} `));
  const kinds = new Map();
  const frame = { sets, offset: new Map(), spans: [], sizes: [], length: 0 };
  for (const one of [...signature.keys()].sort((a, b) => a - b)) {
    const text = signature.get(one);
    if (!kinds.has(text)) { kinds.set(text, kinds.size); frame.sizes.push(0); }
    const kind = kinds.get(text);
    frame.sizes[kind] += classes.groups[one];
    frame.offset.set(one, frame.length);
    frame.spans.push([kind, frame.length, frame.length + classes.columns[one]]);
    frame.length += classes.columns[one];
  }
  FRAMES.set(key, frame);
  return frame;
}

// Influences of the mean over places, of one draw where the page has them by draw.
function influencesOn(entry, places, frame, draw = null) {
  const { sets, classes, influences, scales } = INFLUENCES;
  const sum = new Float64Array(frame.length);
  const draws = draw === null ? Array.from({ length: entry.vectors }, (_, k) => k) : [draw];
  for (const place of places) {
    const set = sets[entry.sets[place]];
    for (const k of draws) {
      const scale = scales[entry.at.scale + place * entry.vectors + k] / places.length / draws.length;
      let at = entry.offsets[place] + k * set.width;
      for (const one of set.classes) {
        const start = frame.offset.get(one);
        for (let i = 0; i < classes.columns[one]; i += 1) sum[start + i] += influences[at + i] * scale;
        at += classes.columns[one];
      }
    }
  }
  return sum;
}

// Squares by kind of group, of a vector or of the difference of two.
function squaresOf(vector, frame, other = null) {
  const sums = new Float64Array(frame.sizes.length);
  for (const [kind, from, to] of frame.spans) {
    let sum = 0;
    for (let i = from; i < to; i += 1) { const one = other ? vector[i] - other[i] : vector[i]; sum += one * one; }
    sums[kind] += sum;
  }
  return sums;
}

// Satterthwaite's degrees of freedom over the kinds of groups.
function freedomOf(squares, sizes, fallback) {
  let [total, uncertainty] = [0, 0];
  squares.forEach((part, kind) => { total += part; uncertainty += part ** 2 / Math.max(sizes[kind] - 1, 1); });
  return total > 0 ? total ** 2 / uncertainty : Math.max(1, fallback);
}

// A number by draw, and what groups of pictures add to its error: the mean over places (`metrics.replicates.Replicates`).
function replicatesOn(entry, places) {
  const frame = frameOf(places.map((place) => entry.sets[place]));
  const sets = places.map((place) => INFLUENCES.sets[entry.sets[place]]);
  const values = Array.from({ length: entry.draws }, (_, k) => average(places.map((place) => valuesOn(entry, place)[k])));
  const counts = { n_groups: Math.min(...sets.map((set) => set.n_groups)), n_pairs: Math.min(...sets.map((set) => set.n_pairs)) };
  const trace = entry.draws < MIN_DRAWS ? 0 : tracesOf(INFLUENCES.traces, entry.at.trace, entry.sets.length, places);
  const vector = influencesOn(entry, places, frame);
  const singles = entry.vectors === 1 ? [] : values.map((value, k) => made([value], influencesOn(entry, places, frame, k), frame, counts, 0));
  return { ...made(values, vector, frame, counts, trace), singles };
}

function made(values, vector, frame, counts, trace) {
  const squares = squaresOf(vector, frame);
  const over = squares.reduce((sum, part) => sum + part, 0);
  return { values, vector, frame, ...counts, trace, over, freedom: freedomOf(squares, frame.sizes, counts.n_groups - 1), value: average(values), singles: [] };
}

function minus(first, second, trace) {
  return made(first.values.map((value, k) => value - second.values[k]), first.vector.map((one, i) => one - second.vector[i]), first.frame,
    { n_groups: Math.min(first.n_groups, second.n_groups), n_pairs: Math.min(first.n_pairs, second.n_pairs) }, trace);
}

// --- errors and intervals ---------------------------------------------------------------------------------------------------

const trainingShare = (draws, overlap) => 1 / draws + (overlap < SAME_PICTURES ? overlap / (1 - overlap) : 0);

function meanError({ values, over, trace, freedom }, overlap) {
  const n = values.length;
  if (n === 1 || n < MIN_DRAWS) return { variance: over, freedom };
  const between = variance(values);
  const own = ((trace / n - over) * n) / (n - 1);
  const share = trainingShare(n, overlap);
  const total = over + share * Math.max(0, between - own);
  const uncertainty = over ** 2 / freedom + (share * between) ** 2 / (n - 1);
  return { variance: total, freedom: uncertainty > 0 ? Math.max(Math.min(freedom, n - 1), total ** 2 / uncertainty) : freedom };
}

const reachOf = (error, tail) => studentQuantile(tail, error.freedom) * Math.sqrt(error.variance);
const scarce = (value, pairs) => pairs < FEW_GROUPS || pairs * Math.min(value, 1 - value) < FEW_ERRORS;
const logit = (p) => Math.log(p / (1 - p));
const expit = (x) => 1 / (1 + Math.exp(-x));

function unseenBounds(value, pairs, least, tail) {
  const met = pairs ? tail ** (1 / pairs) : 0;
  return [met * value + (1 - met) * least, met * value + (1 - met)];
}

function logitBounds(value, error, pairs, tail) {
  if (!(value > 0 && value < 1) || error.variance < NO_VARIANCE) return unseenBounds(value, pairs, 0, tail);
  const reach = reachOf(error, tail) / (value * (1 - value));
  const surest = pairs ? tail ** (1 / pairs) : 0;
  return [Math.min(expit(logit(value) - reach), surest), Math.max(expit(logit(value) + reach), 1 - surest)];
}

function aucBounds(replicates, overlap, tail = TAIL) {
  const each = [[replicates, overlap], ...replicates.singles.map((single) => [single, 0])].map(([one, part]) => logitBounds(one.value, meanError(one, part), one.n_pairs, tail));
  return { low: Math.min(...each.map(([low]) => low)), high: Math.max(...each.map(([, high]) => high)) };
}

const aucInterval = (replicates, overlap) => ({ value: replicates.value, ...(replicates.n_groups < 2 ? NO_BOUNDS : aucBounds(replicates, overlap)) });

function worstInterval(parts, overlap) {
  const value = Math.min(...parts.map((part) => part.value));
  if (parts.some((part) => part.n_groups < 2)) return { value, ...NO_BOUNDS };
  return { value, low: Math.min(...parts.map((part) => aucBounds(part, overlap).low)), high: Math.min(...parts.map((part) => aucBounds(part, overlap, TAIL / parts.length).high)) };
}

// A mean AUC less another one of the same draws.
function differenceInterval(first, second, trace, overlap) {
  const apart = minus(first, second, trace);
  if (apart.n_groups < 2 || !known(apart.value)) return { value: apart.value, ...NO_BOUNDS };
  const error = meanError(apart, overlap);
  let [low, high] = [apart.value - reachOf(error, TAIL), apart.value + reachOf(error, TAIL)];
  if (error.variance < NO_VARIANCE || [first, second].every((one) => scarce(one.value, apart.n_pairs))) {
    const unseen = unseenBounds(apart.value, apart.n_pairs, -1, TAIL);
    [low, high] = [Math.min(low, unseen[0]), Math.max(high, unseen[1])];
  }
  const singles = first.singles.map((single, k) => differenceInterval(single, second.singles[k], 0, 0));
  return { value: apart.value, low: Math.min(Math.max(-1, low), ...singles.map((one) => one.low)), high: Math.max(Math.min(1, high), ...singles.map((one) => one.high)) };
}
