// Published numbers beside the measured ones.

const HOW_KNOWN = { read: "read in the publication", second_hand: "second-hand", memory: "from memory, to be confirmed" };

// A published mean over later generators stands beside that of the row, over chosen test domains, too.
function comparedLater(one, row) {
  if (one.metric !== "later_auc" || (one.reason && one.reason !== "undefined") || !row.chosen) return one;
  const [value, low, high] = ["", "_lo", "_hi"].map((end) => row[`later_auc${end}`]);
  const bounds = known(low) && known(high);
  const remark = !known(value) ? laterText(row) || "not measured" : !bounds ? "the measured number has no interval" : low <= one.value && one.value <= high ? "the interval holds it" : "the interval does not hold it";
  return { ...one, measured: value, measured_lo: low, measured_hi: high, difference: known(value) ? value - one.value : null, reason: known(value) ? "" : "undefined", remark };
}

function reportedPart(row) {
  const entries = (row.reported ?? []).filter((one) => !DATA.domains.includes(one.data) || isChosen(one.data)).map((one) => comparedLater(one, row));
  if (!entries.length) return [];
  const lines = entries.map((one) => [
    [nameOf(one.metric), element("span", { class: "sub" }, element("bdi", {}, shortened(one.data, 80)))],
    fixed(one.value),
    one.reason ? [missing(one.remark)] : measured(one.measured, one.measured_lo, one.measured_hi),
    known(one.difference) ? signed(one.difference) : "–",
    element("span", { class: "words" }, one.remark),
    element("span", { class: "words", dir: "auto" }, `${shortened(one.source, 200)} (${HOW_KNOWN[one.how_known]})${one.setting ? `; ${shortened(one.setting, 300)}` : ""}`),
  ]);
  const compared = entries.some((one) => !one.reason);
  const narrower = compared && row.kind !== "all" ? " This row was measured with the band that is named above, and published numbers are of all frequencies unless they say otherwise." : "";
  return [element("h3", {}, "Reported beside measured"),
    element("p", {}, `Numbers that the authors published. One is compared where the same metric was measured on the same data; the others are listed.${narrower}`),
    plainTable("Reported beside measured", ["metric, data", "reported", "measured", "difference", element("span", { class: "words" }, "outcome"), element("span", { class: "words" }, "source")], lines)];
}

// Score files: beside the page, on the tracking server, or by a command.
function scoresPart(row) {
  const file = DATA.scores_folder && DATA.scored.includes(row.place) ? `${encodeURIComponent(DATA.scores_folder)}/${row.id}.parquet` : "";
  const command = element("pre", {}, `bench leaderboard --scores ${row.id} scores.parquet`);
  const served = DATA.server && row.origin === "recorded" ? (DATA.score_files[row.id] ?? []).map((path, i, all) => element("a", { href: `${DATA.server}/get-artifact?path=${encodeURIComponent(path)}&run_uuid=${row.run_id}`, rel: "noreferrer" }, all.length > 1 ? `draw ${i + 1}` : "score file")).flatMap((link) => [link, " "]) : [];
  return [element("h3", {}, "Scores"),
    element("p", {}, "One line per test and validation picture and draw, as Parquet. ", file ? element("a", { href: file, download: `${row.id}.parquet` }, "Scores of this row") : "", ...(served.length ? ["On the tracking server: ", ...served] : [])),
    ...(file ? [] : [command])];
}
