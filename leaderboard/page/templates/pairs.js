// Comparison of every two rows, and their ranks: leaderboard/ranking/comparison.py and ranks.py in JavaScript.

const LEVEL = 0.05;
const MOST_RANKED = 300; // rows of a set: every two of them are compared

// The mean AUC of a row over places, with the variance over groups that its pictures do not show.
function contestantOf(entry, places, name) {
  const each = places.map((place) => replicatesOn(entry, [place]));
  const unseen = each.map((part) => (part.over > 0 && !scarce(part.value, part.n_pairs) ? 0 : Math.max(1 / part.n_groups ** 2 - part.over, 0)));
  return { entry, name, replicates: replicatesOn(entry, places), unseen: unseen.reduce((sum, one) => sum + one, 0) / places.length ** 2 };
}

function overTraining(values, overlap) {
  return values.length === 1 ? { variance: 0, freedom: 1 } : { variance: trainingShare(values.length, overlap) * variance(values), freedom: values.length - 1 };
}

// Parts of the variance of a difference: over groups, and over training draws, of the difference where both were trained on the same.
function errorParts(first, second) {
  const [a, b] = [first.replicates, second.replicates];
  const squares = squaresOf(a.vector, a.frame, b.vector);
  const apart = squares.reduce((sum, part) => sum + part, 0);
  const over = apart > ROUNDING * (a.over + b.over) ? apart : 0;
  const groups = { variance: over + first.unseen + second.unseen, freedom: freedomOf(over ? squares : [], a.frame.sizes, Math.min(a.n_groups, b.n_groups) - 1) };
  const [one, other] = [first.entry, second.entry];
  if (one.training >= 0 && one.training === other.training && a.values.length === b.values.length) {
    return [groups, overTraining(a.values.map((value, k) => value - b.values[k]), Math.max(one.overlap, other.overlap))];
  }
  return [groups, overTraining(a.values, one.overlap), overTraining(b.values, other.overlap)];
}

// Difference of two rows with the 95 % interval that goes with its p-value.
function pairedInterval(first, second) {
  const parts = errorParts(first, second);
  const value = first.replicates.value - second.replicates.value;
  const error = Math.sqrt(varianceOf(parts));
  const reach = error * criticalValue(parts, LEVEL);
  return { value, low: Math.max(-1, value - reach), high: Math.min(1, value + reach), error, p: pValue(value, parts) };
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// Rank intervals and tie groups of contestants, by contestant.
function placesOf(contestants) {
  const ordered = contestants.map((one, i) => [one, i]).sort(([a, i], [b, j]) => b.replicates.value - a.replicates.value || byText(a.name, b.name) || i - j).map(([one]) => one);
  const pairs = ordered.flatMap((_, i) => ordered.slice(i + 1).map((__, k) => [i, i + 1 + k]));
  const differences = pairs.map(([i, j]) => ordered[i].replicates.value - ordered[j].replicates.value);
  const found = significant(differences, pairs.map(([i, j]) => errorParts(ordered[i], ordered[j])), LEVEL);
  const apart = ordered.map(() => new Set());
  const [better, worse] = [ordered.map(() => 0), ordered.map(() => 0)];
  pairs.forEach(([i, j], k) => {
    if (!found[k]) return;
    apart[i].add(j);
    apart[j].add(i);
    better[j] += differences[k] > 0;
    worse[i] += differences[k] > 0;
  });
  const group = ordered.map(() => 0);
  let last = 0;
  ordered.forEach((_, i) => {
    if (group[i]) return;
    last += 1;
    ordered.forEach((__, j) => { if (!group[j] && !apart[i].has(j)) group[j] = last; });
  });
  return new Map(ordered.map((one, i) => [one, { rank_low: 1 + better[i], rank_high: ordered.length - worse[i], tie_group: group[i], rank_reason: "" }]));
}

// --- ranks of a set -----------------------------------------------------------------------------------------------------

const NO_RANK = { rank_low: null, rank_high: null, tie_group: null };
// The mark for which a row or detector has no rank; undefined if none of its marks forbids one.
const markWithoutRank = (marks) => DATA.described.without_rank.find((code) => marks.includes(code));
const isContestant = (row) => !DATA.described.no_contestant.some((code) => row.all_marks.includes(code));
const unplaced = (reason) => ({ ...NO_RANK, rank_reason: reason });
const ALONE = "no other row that may be ranked was scored on the same pictures of the same domains";

function withoutComparison(row) {
  if (row.role !== "chosen") return "only chosen bands are ranked";
  if (row.earlier) return "of settings, pictures or code before the last run";
  const mark = markWithoutRank(row.all_marks);
  return mark ? DATA.described.marks[mark].label : "";
}

// Ranks of the rows of one set, by row; `placesIn` gives a row's places among its picture sets.
function ranksOf(rows, abroad, placesIn) {
  const ranks = new Map(rows.map((row) => [row, unplaced(withoutComparison(row) || row.problem)]));
  const members = rows.filter((row) => !ranks.get(row).rank_reason);
  if (!abroad || members.length > MOST_RANKED) {
    for (const row of members) ranks.set(row, unplaced(abroad ? `more than ${MOST_RANKED} rows` : "tested in-domain only"));
    return ranks;
  }
  const pools = new Map();
  for (const row of members) {
    const [entry, places] = [ENTRIES.get(row.id), placesIn(row)];
    const trouble = places ? places.map((place) => entry.troubles[place]).find(Boolean) : NOT_HERE;
    if (trouble) { ranks.set(row, unplaced(trouble)); continue; }
    const key = places.map((place) => entry.sets[place]).sort((a, b) => a - b).join();
    pools.set(key, [...(pools.get(key) ?? []), row]);
  }
  const ordered = [...pools].sort(([a, one], [b, other]) => other.length - one.length || byText(digestsOf(a), digestsOf(b)));
  for (const [key, pool] of ordered) {
    const usual = ordered[0];
    if (usual[1].length === 1) ranks.set(pool[0], unplaced(ALONE));
    else if (key !== usual[0]) for (const row of pool) ranks.set(row, unplaced(`scored on other pictures of ${unlike(key, usual[0])}`));
    else {
      const found = placesOf(pool.map((row) => ({ ...contestantOf(ENTRIES.get(row.id), placesIn(row), `${row.detector} on ${row.train}`), row })));
      for (const [contestant, place] of found) ranks.set(contestant.row, place);
    }
  }
  return ranks;
}

const setsOf = (key) => key.split(",").map((set) => INFLUENCES.sets[set]);
const digestsOf = (key) => setsOf(key).map((set) => `${INFLUENCES.domains[set.domain]} ${set.digest}`).sort().join();
const unlike = (key, other) => setsOf(key).filter((set) => !setsOf(other).includes(set)).map((set) => INFLUENCES.domains[set.domain]).join(", ");
