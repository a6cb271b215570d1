// Chosen test domains and reals: every number of a row that depends on them is computed anew from what the page holds.

const NOT_HERE = "its score files were not read, or this page has no room for them";
const AS_TESTED = "";
// Fields that do not depend on the test domains. All other numbers are computed, or missing with a reason.
const OF_THE_TRAINING = new Set(["fit_seconds", "ms_per_picture", "score_ms", "model_bytes", "seeds", "shots", "train_overlap", "control", "random_encoder"]);
const COMPUTED = new Set(["ranks", "n_tests", "set_name", "flags", "in_domain_auc", "cross_domain_auc", "worst_auc", "gain", "oracle_auc", "allpass_auc", "gap", "draw_sd", "coverage", "reals_spread", "worst_reals", "worst_domain", "later_auc", "left_out", "left_out_gap", "in_domain_clip_auc", "cross_domain_clip_auc", "threshold", "calibration", ...DATA.rates_of_rows]);
const WHOLE = { sets: DATA.sets, rows: new Map(ROWS.map((row) => [row, { ...row }])) };
const HEADLINE_OF = ROWS.map((row) => ({ domains: new Set(DATA.sets[row.set].domains), abroad: DATA.sets[row.set].abroad }));

// --- the address --------------------------------------------------------------------------------------------------------

const named = (text) => text.replaceAll("%", "%25").replaceAll(",", "%2C");
const namesIn = (text) => text.split(",").filter(Boolean).map((name) => { try { return decodeURIComponent(name); } catch { return name; } });
const SOURCES = [...new Set(ROWS.flatMap((row) => Object.keys(row.reals?.choices ?? {})))];

// Null where all test domains are tested as they are.
function choiceOf() {
  if (!CAN_CHOOSE) return null;
  const wanted = new Set(namesIn(state.test));
  const domains = DATA.domains.filter((name) => wanted.has(name));
  const against = SOURCES.includes(state.against) ? state.against : AS_TESTED;
  if (!domains.length && against === AS_TESTED) return null;
  return { domains: new Set(domains.length ? domains : DATA.domains), against };
}

const isChosen = (domain) => choiceOf()?.domains.has(domain) ?? true;

const strangers = () => [...namesIn(state.test).filter((name) => !DATA.domains.includes(name)), ...(state.against && !SOURCES.includes(state.against) ? [state.against] : [])];

function choiceText(choice) {
  const all = choice.domains.size === DATA.domains.length;
  const domains = all ? `all ${counted(DATA.domains.length, "test domain")}` : `${choice.domains.size} of ${counted(DATA.domains.length, "test domain")}: ${shortened([...choice.domains].join(", "), 300)}`;
  return `${domains}${choice.against === AS_TESTED ? "" : `; against ${choice.against === OWN_REALS ? "each domain's own reals" : `reals of ${shortened(choice.against, 80)}`}`}`;
}

// --- one row ------------------------------------------------------------------------------------------------------------

// The AUC of a row on one test domain; null where it was not measured with these reals.
function testOn(row, test, against) {
  if (against === AS_TESTED) return test;
  const all = row.reals?.tests[test.domain] ?? [];
  const own = all.find((one) => one.source === test.domain) ?? all.find((one) => one.source === test.domain.split(/[/@+]/)[0]);
  const found = against === OWN_REALS ? own : all.find((one) => one.source === against);
  return found ? { domain: test.domain, pictures: `${test.pictures} ${found.source}`, auc: found.auc, auc_lo: found.lo, auc_hi: found.hi, n: null, coverage: null, lookalikes: found.lookalikes ?? 0, allpass_auc: null, oracle_auc: null } : null;
}

// What a row is under a choice; the rank comes later, as it depends on the others.
function chosenRow(whole, choice) {
  const { domains: headline, abroad: hasAbroad } = HEADLINE_OF[whole.place];
  const tests = whole.tests.filter((test) => choice.domains.has(test.domain));
  const abroad = hasAbroad ? tests.filter((test) => headline.has(test.domain)) : [];
  const home = tests.filter((test) => whole.home.has(test.domain));
  const counted = abroad.length ? abroad : home;
  const row = { tests: [], abroad, home_tests: home, counted, chosen: true, unknown: {} };
  const lost = counted.find((test) => !testOn(whole, test, choice.against));
  row.tests = tests.map((test) => testOn(whole, test, choice.against)).filter(Boolean);
  row.problem = !counted.length ? "none of the chosen test domains counts for this row" : lost ? `${lost.domain} was not set against these reals` : "";
  for (const name of DATA.numbers) if (!OF_THE_TRAINING.has(name)) row[name] = null;
  for (const column of DATA.described.rows) if (column.numeric && !OF_THE_TRAINING.has(column.id) && !COMPUTED.has(column.id)) row.unknown[column.id] = "this page cannot compute it for a choice of test domains";
  row.missing = whole.missing.filter((name) => choice.domains.has(name));
  return row;
}

const bounded = (name, { value, low, high }) => ({ [name]: value, [`${name}_lo`]: low, [`${name}_hi`]: high });

function placesFor(whole, tests, against) {
  const entry = ENTRIES.get(whole.id);
  const places = entry && tests.map((test) => placeOn(entry, test.domain, against));
  return places && places.every((place) => place !== undefined) ? places : null;
}

// A mean over test domains with its interval; without one where the page has no influences of the row.
function meanAuc(whole, tests, against) {
  const places = placesFor(whole, tests, against);
  if (places) return { ...aucInterval(replicatesOn(ENTRIES.get(whole.id), places), ENTRIES.get(whole.id).overlap), places };
  const aucs = tests.map((test) => testOn(whole, test, against)?.auc);
  return { value: aucs.every(known) ? average(aucs) : null, ...NO_BOUNDS, places: null };
}

// Numbers that are over the test domains of the headline, and have the reason of a row that has none.
const OF_THE_HEADLINE = ["cross_domain_auc", "worst_auc", "worst_domain", "gain", "draw_sd", "oracle_auc", "gap", "coverage", "reals_spread", "worst_reals", "threshold", "calibration", "later_auc", "left_out", "left_out_gap", "cross_domain_clip_auc", ...DATA.rates_of_rows];

function computeRow(whole, choice) {
  const row = chosenRow(whole, choice);
  const { against } = choice;
  const why = (name, reason) => { row.unknown[name] = reason; };
  const atHome = row.home_tests.length ? "the training domain was not set against these reals" : "the training domain is not among the chosen test domains";
  if (row.home_tests.length && row.home_tests.every((test) => testOn(whole, test, against))) Object.assign(row, bounded("in_domain_auc", meanAuc(whole, row.home_tests, against)));
  else why("in_domain_auc", atHome);
  Object.assign(row, clipAuc(whole, "in_domain_clip_auc", row.home_tests, against, (reason) => why("in_domain_clip_auc", row.home_tests.length ? reason : atHome)));
  Object.assign(row, { headline: null, worst_domain: "", worst_reals: "", threshold_transfer: [], reals_rank_low: null, reals_rank_high: null, left_out: null, left_out_gap: null, candidates: null, later_reason: "" });
  if (row.problem) {
    for (const name of OF_THE_HEADLINE) why(name, row.problem);
    return row;
  }
  const mean = meanAuc(whole, row.counted, against);
  const alone = "no other domain than the training domain is among the chosen test domains";
  if (row.abroad.length) Object.assign(row, bounded("cross_domain_auc", mean), worstOf(whole, row, against));
  else for (const name of ["cross_domain_auc", "worst_auc", "worst_domain"]) why(name, alone);
  Object.assign(row, clipAuc(whole, "cross_domain_clip_auc", row.abroad, against, (reason) => why("cross_domain_clip_auc", row.abroad.length ? reason : alone)));
  row.headline = mean.value;
  row.places = mean.places;
  if (mean.places) {
    const { values } = replicatesOn(ENTRIES.get(whole.id), mean.places);
    if (values.length > 1) row.draw_sd = Math.sqrt(variance(values));
    Object.assign(row, gainOf(whole, mean.places));
  }
  if (!known(row.gain)) why("gain", "the page has no scores of this detector with all frequencies on these pictures");
  if (!known(row.draw_sd)) why("draw_sd", mean.places ? "one draw" : NOT_HERE);
  Object.assign(row, ratesOf(whole, mean.places, why), laterOf(whole, row, against), leftOutOf(whole, row, against, why), asTestedNumbers(whole, row, against, why));
  return row;
}

// --- numbers besides the AUC --------------------------------------------------------------------------------------------

function ratesOf(whole, places, why) {
  const [found, entry] = [{}, ENTRIES.get(whole.id)];
  for (const name of DATA.rates_of_rows) {
    const rate = RATES && entry && places ? rateOn(entry, places, RATES.names.indexOf(name)) : null;
    if (rate && known(rate.value)) Object.assign(found, bounded(name, shareInterval(rate, entry.overlap)));
    else why(name, rate ? "a test domain has too few reals for this rate" : NOT_HERE);
  }
  return found;
}

// Numbers of one test domain against chosen reals, which its own entry does not have.
function numbersAgainst(row, test, against) {
  const entry = ENTRIES.get(row.id);
  const place = entry && placeOn(entry, test.domain, against);
  if (place === undefined) return {};
  const { values } = replicatesOn(entry, [place]);
  const found = { draw_sd: values.length > 1 ? Math.sqrt(variance(values)) : null, allpass_auc: pairedWith("gain", entry, [place], "own")?.of ?? null };
  for (const [k, name] of (RATES?.names ?? []).entries()) {
    const rate = rateOn(entry, [place], k);
    if (rate) Object.assign(found, bounded(name, shareInterval(rate, entry.overlap)));
  }
  return found;
}

const OF_CLIPS = "\nclips"; // in place of a source of reals, as influences.py has it

function clipAuc(whole, name, tests, against, why) {
  if (!DATA.fields.includes(name)) return {};
  const entry = ENTRIES.get(whole.id);
  const places = (entry && tests.map((test) => placeOn(entry, test.domain, OF_CLIPS))) ?? [];
  if (against !== AS_TESTED) return void why("clips are those of the test domain with its own reals") ?? {};
  if (tests.length && places.length && places.every((place) => place !== undefined)) return bounded(name, aucInterval(replicatesOn(entry, places), entry.overlap));
  const aucs = tests.map((test) => test.clip_auc);
  if (tests.length && aucs.every(known)) return bounded(name, { value: average(aucs), ...NO_BOUNDS });
  why("a test domain has no clips, or none with two classes");
  return {};
}

// The mean over generators that came out after all training domains (ranking/later.py).
function laterOf(whole, row, against) {
  if (whole.dated === undefined || whole.dated === null) return {};
  const [dated, later] = [whole.dated, whole.later].map((places) => places && new Set(places.map((place) => DATA.domains[place])));
  const tests = row.abroad.filter((test) => later?.has(test.domain));
  const reason = !row.abroad.length ? "no_other_domain" : !later ? "training_undated" : !row.abroad.some((test) => dated.has(test.domain)) ? "tests_undated" : tests.length ? "" : "none_later";
  if (reason) return { later_reason: reason };
  const mean = meanAuc(whole, tests, against);
  return known(mean.value) ? bounded("later_auc", mean) : { later_reason: "undefined" };
}

const RUNS = new Map();
for (const [row, whole] of WHOLE.rows) RUNS.set(row.run_id, [...(RUNS.get(row.run_id) ?? []), whole]);

// Every test domain with the band that is best on the other ones (transfer/choices.py).
function leftOutOf(whole, row, against, why) {
  if (whole.role !== "chosen" || !HAS_CHOICES) return {};
  if (against !== AS_TESTED) return void ["left_out", "left_out_gap"].forEach((name) => why(name, "narrow bands were tested with the test domain's own reals alone")) ?? {};
  if (INFLUENCES?.narrow_left_out && known(whole.left_out)) return void ["left_out", "left_out_gap"].forEach((name) => why(name, NOT_HERE)) ?? {};
  const domains = row.counted.map((test) => test.domain);
  const own = (one) => { const entry = ENTRIES.get(one.id); return domains.map((name) => { const place = entry && placeOn(entry, name, AS_TESTED); return place === undefined ? one.tests.find((test) => test.domain === name)?.auc : average([...valuesOn(entry, place)]); }); };
  const others = (RUNS.get(whole.run_id) ?? []).filter((one) => one !== whole).map(own);
  const narrow = (NARROW.get(whole.run_id) ?? []).map((band) => domains.map((name) => band.get(name)));
  const complete = [...others, ...narrow].filter((aucs) => aucs.every(known));
  const all = [own(whole), ...complete];
  if (!complete.length || domains.length < 2 || !all[0].every(known)) return {};
  const sums = all.map((aucs) => aucs.reduce((sum, auc) => sum + auc, 0));
  const chosen = domains.map((_, i) => {
    const elsewhere = all.map((aucs, k) => (sums[k] - aucs[i]) / (domains.length - 1));
    const most = Math.max(...elsewhere) - ROUNDING;
    return average(all.filter((__, k) => elsewhere[k] >= most).map((aucs) => aucs[i]));
  });
  const value = average(chosen);
  return { left_out: value, left_out_gap: known(row.headline) ? value - row.headline : null, candidates: all.length };
}

function worstOf(whole, row, against) {
  const each = row.abroad.map((test) => ({ test, one: meanAuc(whole, [test], against) }));
  if (!each.every(({ one }) => known(one.value))) return {};
  const worst = each.reduce((low, next) => (next.one.value < low.one.value ? next : low));
  const entry = ENTRIES.get(whole.id);
  const interval = each.every(({ one }) => one.places) ? worstInterval(each.map(({ one }) => replicatesOn(entry, one.places)), entry.overlap) : { value: worst.one.value, ...NO_BOUNDS };
  return { ...bounded("worst_auc", interval), worst_domain: worst.test.domain };
}

// A row less another one on the same pictures, paired by group and draw; null where the page does not have both.
function pairedWith(pair, entry, places, minuend) {
  const other = INFLUENCES.rows[entry[pair]?.row];
  const theirs = other && places.map((place) => placeLike(other, entry, place));
  if (!theirs || theirs.some((place) => place === undefined)) return null;
  const [own, reference] = [replicatesOn(entry, places), replicatesOn(other, theirs)];
  if (places.every((place) => entry[pair].unchanged.includes(place))) return { value: 0, low: 0, high: 0, of: reference.value };
  const trace = entry[pair].traced ? tracesOf(pair === "gain" ? INFLUENCES.gains : INFLUENCES.gaps, entry.at[pair], entry.sets.length, places) : 0;
  const [first, second] = minuend === "own" ? [own, reference] : [reference, own];
  return { ...differenceInterval(first, second, trace, entry.overlap), of: reference.value };
}

function gainOf(whole, places) {
  const paired = pairedWith("gain", ENTRIES.get(whole.id), places, "own");
  return paired ? { ...bounded("gain", paired), allpass_auc: paired.of } : {};
}

// The best tried band of every test domain less the row.
function oracleGapOf(whole, places) {
  const paired = pairedWith("gap", ENTRIES.get(whole.id), places, "other");
  return paired ? { ...bounded("gap", paired), oracle_auc: paired.of } : {};
}

const meanIf = (values) => (values.length && values.every(known) ? average(values) : null);

// Numbers that are means of those of single test domains. With other reals most of them were not measured.
function asTestedNumbers(whole, row, against, why) {
  const found = { lookalikes: row.tests.filter((test) => OF_FILES.has(test.domain)).reduce((sum, test) => sum + (test.lookalikes ?? 0), 0) };
  if (whole.reals && against === AS_TESTED) Object.assign(found, spreadOf(whole, row.counted));
  if (!known(found.reals_spread)) for (const name of ["reals_spread", "worst_reals"]) why(name, against === AS_TESTED ? "fewer than two sources of reals" : "one choice of the reals");
  if (against !== AS_TESTED) {
    for (const name of ["oracle_auc", "gap", "coverage", "threshold", "calibration"]) why(name, "this page has it for the reals of the test domain alone");
    return found;
  }
  found.oracle_auc = meanIf(row.counted.map((test) => test.oracle_auc));
  found.gap = known(found.oracle_auc) && known(row.headline) ? found.oracle_auc - row.headline : null;
  if (row.places) Object.assign(found, oracleGapOf(whole, row.places));
  for (const name of ["oracle_auc", "gap"]) if (!known(found[name])) why(name, "not measured");
  found.coverage = meanIf(row.tests.map((test) => test.coverage));
  found.threshold_transfer = (whole.threshold_transfer ?? []).filter((one) => row.tests.some((test) => test.domain === one.domain));
  return found;
}

// The mean over test domains by choice of the reals (results/reals.py): each domain's own, where these are several, and every source.
function choicesOn(whole, tests) {
  if (!whole.reals || !tests.length) return {};
  const by = tests.map((test) => whole.reals.tests[test.domain] ?? []);
  const own = tests.map((test, i) => (by[i].find((one) => one.source === test.domain) ?? by[i].find((one) => one.source === test.domain.split(/[/@+]/)[0]))?.source);
  const aucOf = (source, i) => by[i].find((one) => one.source === source)?.auc;
  const named = by[0].map((one) => [one.source, tests.map((_, i) => aucOf(one.source, i))]);
  const owned = new Set(own).size > 1 ? [[OWN_REALS, tests.map((_, i) => aucOf(own[i], i))]] : [];
  return Object.fromEntries([...owned, ...named].filter(([, aucs]) => aucs.every(known)).map(([source, aucs]) => [source, average(aucs)]));
}

function spreadOf(whole, tests) {
  const choices = Object.entries(choicesOn(whole, tests));
  if (choices.length < 2) return {};
  const worst = choices.reduce((low, next) => (next[1] < low[1] ? next : low));
  return { reals_spread: Math.max(...choices.map(([, auc]) => auc)) - worst[1], worst_reals: worst[0] };
}

// Leaders and rank intervals over the choice of the reals (ranking/reals.py), among rows with the same pictures and sources.
const MOST_RANKED_BY_REALS = 100;

function putReals(computed) {
  const groups = new Map();
  for (const one of computed) {
    if (!one.whole.reals) continue;
    one.reals_chosen = { choices: one.problem ? {} : choicesOn(one.whole, one.counted), leads: [] };
    const sources = Object.keys(one.reals_chosen.choices);
    if (one.role !== "chosen" || sources.length < 2 || !isContestant(one)) continue;
    const key = JSON.stringify([one.set, [...sources].sort(byText)]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  for (const group of groups.values()) if (group.length > 1) rankByReals(group);
}

function rankByReals(group) {
  const sources = Object.keys(group[0].reals_chosen.choices);
  for (const source of sources) group.reduce((best, one) => (one.reals_chosen.choices[source] > best.reals_chosen.choices[source] ? one : best)).reals_chosen.leads.push(source);
  const able = group.filter((one) => !withoutComparison(one));
  if (!HAS_RANKS || !group[0].abroad.length || able.length < 2 || able.length > MOST_RANKED_BY_REALS) return;
  const found = sources.map((source) => ranksOf(able, true, (one) => placesFor(one.whole, one.counted, source)));
  for (const one of able) {
    const places = found.map((ranks) => ranks.get(one));
    if (places.every((place) => known(place.rank_low))) Object.assign(one, { reals_rank_low: Math.min(...places.map((place) => place.rank_low)), reals_rank_high: Math.max(...places.map((place) => place.rank_high)) });
  }
}

// --- all rows -----------------------------------------------------------------------------------------------------------

// Rows whose headline is over the same pictures, as `ranking.comparable`: most domains first, then most rows.
function chosenSets(rows, against) {
  const key = (row) => JSON.stringify([row.abroad.length > 0, row.counted.map((test) => String(test.pictures)).sort(byText)]);
  const members = new Map();
  for (const row of rows) members.set(key(row), [...(members.get(key(row)) ?? []), row]);
  const ordered = [...members.values()].sort((a, b) => (b[0].abroad.length > 0) - (a[0].abroad.length > 0) || b[0].counted.length - a[0].counted.length || b.length - a.length);
  return ordered.map((some, i) => {
    const domains = some[0].counted.map((test) => test.domain).sort(byText);
    const same = against === AS_TESTED && WHOLE.sets.find((set) => set.domains.join("\n") === domains.join("\n") && some.every(({ row }) => WHOLE.sets[WHOLE.rows.get(row).set] === set));
    for (const one of some) one.set = i;
    return { set: { name: letters(i), domains, digest: same ? same.digest : "", abroad: some[0].abroad.length > 0 }, rows: some };
  });
}

function letters(number) {
  let text = "";
  for (let n = number; n >= 0; n = Math.floor(n / 26) - 1) text = String.fromCharCode(65 + (n % 26)) + text;
  return text;
}

// Kinds of the shortcuts that mark a row: 2, or 1 for an ambiguous one.
const shortcutsOf = (whole, tests, reals) => [whole.trained_shortcut, ...tests.map((test) => test.shortcut), ...reals.map((one) => one.shortcut_kind)].filter(Boolean);

function realsUnder(whole, tests, against) {
  return tests.flatMap((test) => whole.reals?.tests[test.domain] ?? []).filter((one) => against === AS_TESTED || against === OWN_REALS || one.source === against);
}

// Marks of a row on chosen test domains (results/marks.py); what is said of the training and the band does not depend on them.
function marksUnder(whole, row, against) {
  const [low, high] = row.abroad.length ? [row.cross_domain_auc_lo, row.cross_domain_auc_hi] : [row.in_domain_auc_lo, row.in_domain_auc_hi];
  const tests = whole.tests.filter((test) => row.chosenDomains.has(test.domain));
  const reals = realsUnder(whole, tests, against);
  const share = (n, of) => (of ? n / of : 0) > DATA.most_lookalikes;
  const holds = {
    like_coin_flip: known(low) && low <= 0.5 && high >= 0.5,
    shortcut: shortcutsOf(whole, tests, reals).length > 0,
    lookalikes: tests.some((test) => OF_FILES.has(test.domain) && share(test.lookalikes, test.n)) || reals.some((one) => DATA.sources_of_files.includes(one.source) && share(one.lookalikes ?? 0, one.n_real)),
    ...(whole.reals ? { one_source_of_reals: row.counted.length > 0 && row.counted.every((test) => (whole.reals.tests[test.domain]?.length ?? 0) < 2) } : {}),
  };
  return Object.keys(DATA.described.marks).filter((code) => holds[code] ?? whole.all_marks.includes(code));
}

const OF_FILES = new Set(DATA.may_be_copies.map((i) => DATA.domains[i]));

// Marks that all rows have are said below the table, those of one row beside it (notes.shown_marks).
function ownMarks(rows) {
  const toShow = (one) => one.all_marks.filter((code) => !(one.all_marks.includes("control") && DATA.described.not_of_controls.includes(code)));
  const shown = rows.filter(({ whole }) => whole.shown);
  SHARED_MARKS = Object.keys(DATA.described.marks).filter((code) => shown.length > 1 && shown.every((one) => toShow(one).includes(code)));
  for (const one of rows) one.marks = one.whole.shown ? toShow(one).filter((code) => !SHARED_MARKS.includes(code)) : [];
}

let SHARED_MARKS = []; // under a choice

const OF_A_CHOICE = ["unknown", "chosen", "reals_chosen", "abroad", "home_tests", "counted", "problem", "places"]; // of a row

// Put the numbers of a choice into the rows, or those of all test domains.
async function applyChoice() {
  const choice = choiceOf();
  if (choice) await loadInfluences();
  for (const [row, whole] of WHOLE.rows) {
    for (const name of OF_A_CHOICE) delete row[name];
    Object.assign(row, whole);
  }
  DATA.sets = WHOLE.sets;
  ranking = DATA.ranking;
  if (choice) putNumbers(choice);
  document.documentElement.classList.toggle("chosen", Boolean(choice));
  countTies();
  grid.setOptions((options) => ({ ...options, data: choice ? [...ROWS].sort(bestFirst) : [...ROWS] }));
}

// The order of a board (`leaderboard.rows.ranked`).
function bestFirst(a, b) {
  const unknown = (row, name) => Number(!known(row[name]));
  return unknown(a, "cross_domain_auc") - unknown(b, "cross_domain_auc") || unknown(a, "headline") - unknown(b, "headline") || (b.headline ?? 0) - (a.headline ?? 0)
    || byText(a.detector, b.detector) || byText(a.train, b.train) || byText(a.role, b.role);
}

function putNumbers(choice) {
  const computed = [...WHOLE.rows].map(([row, whole]) => {
    const { id, role, detector, train, all_marks, earlier } = whole;
    return { row, whole, id, role, detector, train, all_marks, earlier, ...computeRow(whole, choice) };
  });
  const sets = chosenSets(computed, choice.against);
  DATA.sets = sets.map(({ set }) => set);
  for (const { set, rows } of sets) {
    const ranks = HAS_RANKS ? ranksOf(rows, set.abroad, (one) => one.places) : new Map();
    for (const one of rows) Object.assign(one, ranks.get(one));
  }
  for (const one of computed) {
    const tests = one.whole.tests.filter((test) => choice.domains.has(test.domain));
    const shortcuts = shortcutsOf(one.whole, tests, realsUnder(one.whole, tests, choice.against));
    one.all_marks = marksUnder(one.whole, { ...one, chosenDomains: choice.domains }, choice.against);
    one.ambiguous = shortcuts.length > 0 && shortcuts.every((kind) => kind === 1);
  }
  ownMarks(computed);
  putReals(computed);
  if (HAS_RANKING) ranking = rankingOf(computed, choice.against);
  for (const { row, whole, ...found } of computed) Object.assign(row, found);
}

// --- the form -----------------------------------------------------------------------------------------------------------

const CAN_CHOOSE = Boolean(document.getElementById("influences")) && (DATA.domains.length > 1 || SOURCES.length > 1);

function drawChoice() {
  const form = document.getElementById("choice");
  form.hidden = !CAN_CHOOSE;
  if (!CAN_CHOOSE) return;
  const choice = choiceOf();
  const boxes = DATA.domains.map((name) => element("label", {}, element("input", { type: "checkbox", checked: !choice || choice.domains.has(name), "data-domain": name, on: { change: domainsTicked } }), nameOf(name)));
  document.getElementById("choice-domains").replaceChildren(document.querySelector("#choice-domains legend"), ...boxes);
  document.getElementById("choice-count").textContent = choice ? `${choice.domains.size} of ${DATA.domains.length}` : `all ${DATA.domains.length}`;
  document.getElementById("against-choice").hidden = !SOURCES.length;
  fillOptions(document.getElementById("against"), [[AS_TESTED, "as tested"], ...SOURCES.map((name) => [name, name === OWN_REALS ? "each domain's own" : name])], state.against);
  document.getElementById("whole").hidden = !choice;
  drawChoiceStatus(choice);
}

function drawChoiceStatus(choice) {
  const unknown = strangers();
  const parts = [];
  if (choice) {
    parts.push(`Computed in this browser for ${choiceText(choice)}.`);
    if (INFLUENCES?.columns) parts.push(`This page has room for ${INFLUENCES.columns} sums of groups of a domain instead of every group: the widths of intervals are off by about ${(100 * Math.sqrt(0.5 / INFLUENCES.columns)).toFixed(1)} %, and ranks may differ by that.`);
    if (INFLUENCES?.left_out) parts.push(`${counted(INFLUENCES.left_out, "row")} without intervals and ranks: the page has no room for them.`);
    if (RATES?.most === 0) parts.push("Intervals of detection and error rates take their distribution for normal, as this page has no room for bootstrap draws.");
    else if (RATES && RATES.most < 1000) parts.push(`This page has room for ${RATES.most} bootstrap draws of detection and error rates: the widths of their intervals are off by up to about ${(116 / Math.sqrt(RATES.most)).toFixed(0)} %.`);
  }
  if (unknown.length) parts.push(`Not on this page: ${shortened(unknown.join(", "), 200)}.`);
  document.getElementById("choice-status").textContent = parts.join(" ");
  for (const part of document.querySelectorAll("[data-of-all]")) {
    part.querySelector(":scope > .of-all")?.remove();
    const text = choice && (choice.against === AS_TESTED ? part.dataset.ofAll : part.dataset.ofReals || part.dataset.ofAll);
    if (!text) continue;
    const note = element("p", { class: "of-all" }, text);
    const head = part.querySelector(":scope > h2");
    if (head) head.after(note);
    else part.prepend(note);
  }
}

// Notes on chosen test domains: those on other ones are left out, and those on marks and reals are made anew.
function chosenNotes(choice) {
  const places = new Map(DATA.domains.map((name, i) => [i, name]));
  const isOf = (about) => Array.isArray(about) && (!about.length || about.some((i) => choice.domains.has(places.get(i))));
  const kept = DATA.notes.filter((_, i) => DATA.notes_about[i] === undefined || isOf(DATA.notes_about[i]));
  return [...kept, ...markNotes(), ...realsNotes()];
}

const calledRow = (row) => `${row.detector} ← ${row.train}`;
const listedNames = (names, most = 10) => (names.length > most ? `${names.slice(0, most).join(", ")}, … and ${names.length - most} more` : names.join(", "));

function markNotes() {
  const shown = ROWS.filter((row) => row.shown);
  return Object.entries(DATA.described.marks).filter(([code]) => !DATA.described.noted_with_numbers.includes(code)).flatMap(([code, { label, meaning }]) => {
    const carriers = shown.filter((row) => row.marks.includes(code)).map(calledRow);
    if (!carriers.length && !SHARED_MARKS.includes(code)) return [];
    const who = carriers.length ? `row${carriers.length > 1 ? "s" : ""} ${listedNames(carriers)}` : everyRowOf(shown.length);
    return [`${label[0].toUpperCase()}${label.slice(1)} (${who}): ${meaning}`];
  });
}

const everyRowOf = (n) => (n === 2 ? "both rows" : "all rows");

function realsNotes() {
  const rows = ROWS.filter((row) => row.shown && row.reals_chosen);
  const notes = [];
  for (const set of new Set(rows.map((row) => row.set))) {
    const leaders = rows.filter((row) => row.set === set && row.reals_chosen.leads.length);
    if (leaders.length < 2) continue;
    const parts = leaders.map((row) => `${calledRow(row)} leads on reals of ${row.reals_chosen.leads.map((source) => `${source} (AUC ${fixed(row.reals_chosen.choices[source])})`).join(", ")}`);
    notes.push(`The leading row of set ${DATA.sets[set].name} depends on the reals: ${parts.join("; ")}.`);
  }
  const places = rows.filter((row) => known(row.reals_rank_low)).map((row) => `${calledRow(row)} ${row.reals_rank_low === row.reals_rank_high ? row.reals_rank_low : `${row.reals_rank_low}-${row.reals_rank_high}`}`);
  return places.length ? [...notes, `Rank over the choice of reals: ${places.join(", ")}.`] : notes;
}

function domainsTicked(event) {
  const boxes = [...document.querySelectorAll("#choice-domains input")];
  const isLast = !boxes.some((box) => box.checked);
  sayLastDomain(isLast);
  if (isLast) return void (event.target.checked = true);
  const ticked = boxes.filter((box) => box.checked).map((box) => box.dataset.domain);
  choose({ test: ticked.length === DATA.domains.length ? "" : ticked.map(named).join(",") });
}

// Said in the pop-up, which covers what is below it.
function sayLastDomain(isLast) {
  const note = document.getElementById("last-domain");
  note.textContent = isLast ? "The last ticked test domain stays ticked: numbers need one at least. Tick another one first." : "";
  if (isLast) note.scrollIntoView({ block: "nearest" });
}

async function choose(changes) {
  Object.assign(state, changes, { page: "1" });
  const focused = document.activeElement?.dataset?.domain;
  writeAddress(true);
  await redraw();
  if (focused) document.querySelector(`#choice-domains input[data-domain="${CSS.escape(focused)}"]`)?.focus();
}

async function redraw() {
  if (choiceOf()) {
    document.getElementById("choice-status").textContent = "Computing …";
    await new Promise((resolve) => setTimeout(resolve)); // so that it can be read while the page is busy
  }
  await applyChoice();
  drawEverything();
}

function listenToChoice() {
  document.getElementById("against").addEventListener("change", (event) => choose({ against: event.target.value }));
  document.getElementById("whole").addEventListener("click", () => choose({ test: "", against: "" }));
  const tick = (wanted) => { document.querySelectorAll("#choice-domains input").forEach((box, i) => { box.checked = wanted(i); }); domainsTicked(); };
  document.getElementById("every-domain").addEventListener("click", () => tick(() => true));
  document.getElementById("first-domain").addEventListener("click", () => tick((i) => i === 0));
  document.getElementById("domains-menu").addEventListener("toggle", () => sayLastDomain(false));
  document.getElementById("choice").addEventListener("submit", (event) => event.preventDefault());
}
