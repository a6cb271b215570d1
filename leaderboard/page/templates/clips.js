// Numbers per clip of one row, where test pictures are frames of clips.

const CLIP_RULES = {
  mean: "the mean score of its frames",
  vote: "the share of its frames that are called fake; it counts as fake where that is more than half",
  top_third: "the mean of the highest third of its frames' scores",
};

function clipCell(test, column) {
  if (!column.interval) return String(test[column.id]);
  const value = test[column.id];
  if (column.unit === "share" && !known(value)) return [missing("unknown: too few real clips, or no threshold")];
  return measured(value, test[column.id + "_lo"], test[column.id + "_hi"], column.unit);
}

function clipsPart(row) {
  const tests = row.tests.filter((test) => test.clips);
  const problems = row.tests.filter((test) => test.clip_problem).map((test) => element("p", { dir: "auto" }, `${test.domain} has no numbers per clip: ${test.clip_problem}`));
  if (!tests.length) return problems.length ? [element("h3", {}, "Clips"), ...problems] : [];
  const columns = DATA.described.clips;
  const lines = tests.map((test) => [[nameOf(test.domain), row.home.has(test.domain) ? element("span", { class: "sub" }, "in-domain") : ""],
    ...columns.map((column) => clipCell(test, column))]);
  const rules = [...new Set(tests.map((test) => test.clips))].map((rule) => CLIP_RULES[rule] ?? rule);
  return [element("h3", {}, "Clips"), plainTable("Clips", ["test domain", ...columns.map((column) => column.head)], lines),
    element("p", {}, `Pictures of one group in one folder count as one clip, also the photographs of one person, unless a list of the groups says otherwise. The score of a clip is ${rules.join(", or ")}. Intervals are over groups of test clips (identities), whose clips are drawn together, and, with five draws or more, over draws of the training pictures. A detection rate is unknown where there are too few real clips to tell its false-alarm rate from none.`),
    ...problems];
}
