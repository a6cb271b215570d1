// Detection and error rates over chosen test domains with their intervals: metrics.intervals.share_interval in JavaScript.

const NORMAL = 1.959964;
let RATES = null; // of the page, once they are asked for
const RATE_ENTRIES = new Map(); // by row

async function loadRates() {
  if (RATES || !document.getElementById("rates")) return;
  RATES = await block("rates");
  const n = RATES.names.length;
  const at = { value: 0, product: 0, trace: 0, vector: 0, number: 0 };
  for (const rated of RATES.rows) {
    const { draws, places } = rated;
    Object.assign(rated, { vectors: draws > 1 && draws < MIN_DRAWS ? draws : 1, pairs: (places * (places + 1)) / 2, at: { ...at }, offsets: new Map() });
    const without = new Set(rated.unbounded);
    for (let i = 0; i < places * n; i += 1) {
      if (without.has(i)) continue;
      rated.offsets.set(i, [at.vector, at.number]);
      at.vector += rated.vectors;
      at.number += rated.vectors * rated.kept;
    }
    at.value += places * n * draws;
    at.product += n * rated.pairs * (rated.vectors === 1 ? 1 : 1 + draws);
    at.trace += draws < MIN_DRAWS ? 0 : n * rated.pairs;
    RATE_ENTRIES.set(rated.id, rated);
  }
}

// Mean of the deviations over places, of one draw where they are kept by draw.
function deviationsOn(rated, places, rate, draw = null) {
  const sum = new Float64Array(rated.kept);
  const draws = draw === null ? Array.from({ length: rated.vectors }, (_, k) => k) : [draw];
  for (const place of places) {
    const [vector, number] = rated.offsets.get(place * RATES.names.length + rate);
    for (const k of draws) {
      const scale = RATES.scales[vector + k] / places.length / draws.length;
      const from = number + k * rated.kept;
      for (let i = 0; i < rated.kept; i += 1) sum[i] += RATES.vectors[from + i] * scale;
    }
  }
  return sum;
}

const squareSum = (vector) => vector.reduce((sum, one) => sum + one * one, 0);

// A rate by draw, with what groups of pictures add to its error; null where a row has none on this page.
function rateOn(entry, places, rate) {
  const rated = RATE_ENTRIES.get(entry.id);
  if (!rated || places.some((place) => place >= rated.places)) return null;
  const names = RATES.names.length;
  const of = (place, k) => RATES.values[rated.at.value + (place * names + rate) * rated.draws + k];
  const values = Array.from({ length: rated.draws }, (_, k) => average(places.map((place) => of(place, k))));
  const bounded = places.every((place) => rated.offsets.has(place * names + rate));
  if (!bounded) return { values, value: average(values), n_groups: 0, singles: [] };
  const sets = places.map((place) => INFLUENCES.sets[entry.sets[place]]);
  const counts = { n_groups: Math.min(...sets.map((set) => set.n_groups)), n_pairs: Math.min(...sets.map((set) => set.n_pairs)) };
  const productsOf = (block) => tracesOf(RATES.products, rated.at.product + (block * names + rate) * rated.pairs, rated.places, places);
  const trace = rated.draws < MIN_DRAWS ? 0 : tracesOf(RATES.traces, rated.at.trace + rate * rated.pairs, rated.places, places);
  const part = (some, deviations, variance, own) => ({ values: some, value: average(some), deviations, over: variance, trace: own, of: rated.of, freedom: Math.max(1, counts.n_groups - 1), ...counts, singles: [] });
  const singles = rated.vectors === 1 ? [] : values.map((value, k) => part([value], deviationsOn(rated, places, rate, k), productsOf(1 + k), 0));
  return { ...part(values, deviationsOn(rated, places, rate), productsOf(0), trace), singles };
}

// Quantile between neighbours, of a sorted array.
function quantileOf(sorted, share) {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

function shareInterval(rate, overlap) {
  if (rate.n_groups < 2 || !known(rate.value)) return { value: rate.value, ...NO_BOUNDS };
  const error = meanError(rate, overlap);
  let [low, high] = logitBounds(rate.value, error, rate.n_pairs, TAIL);
  if (rate.over >= NO_VARIANCE && !rate.deviations.length) {
    low = Math.min(low, rate.value - reachOf(error, TAIL));
    high = Math.max(high, rate.value + reachOf(error, TAIL));
  } else if (rate.over >= NO_VARIANCE) {
    // As many draws as the page keeps, with the variance of all.
    const kept = squareSum(rate.deviations) / rate.deviations.length;
    const stretch = (reachOf(error, TAIL) / (NORMAL * Math.sqrt(rate.over))) * Math.sqrt((rate.of - 1) * (kept > 0 ? rate.over / rate.of / kept : 0));
    const sorted = rate.deviations.slice().sort();
    low = Math.min(low, rate.value + quantileOf(sorted, TAIL) * stretch);
    high = Math.max(high, rate.value + quantileOf(sorted, 1 - TAIL) * stretch);
  }
  const singles = rate.singles.map((single) => shareInterval(single, 0));
  return { value: rate.value, low: Math.min(Math.max(0, low), ...singles.map((one) => one.low)), high: Math.max(Math.min(1, high), ...singles.map((one) => one.high)) };
}
