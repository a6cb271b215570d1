// AUC over the date on which the generator of a test domain came out.

const MOST_LINES = 8; // rows in the chart
const periodOf = (domain) => DATA.released[domain];
const dated = (row) => row.tests.filter((test) => periodOf(test.domain) && known(test.auc));
const TIMED = ROWS.filter((row) => row.role === "chosen" && !row.all_marks.includes("control") && dated(row).length > 0);

// 2022, 2022-08 or 2022-08-22, as it was stated.
const dateText = ([first, last]) => (first === last ? first : first.slice(0, 7) === last.slice(0, 7) ? first.slice(0, 7) : first.slice(0, 4));

function timeTraces(rows) {
  // The first day of a period: then what is right of the last training day is what counts as later.
  const at = (test) => periodOf(test.domain)[0];
  return rows.map((row, i) => {
    const tests = dated(row).sort((a, b) => at(a).localeCompare(at(b)));
    const about = (test) => `${label(row.detector)}<br>${label(test.domain)}${row.home.has(test.domain) ? ", in-domain" : ""}<br>${dateText(periodOf(test.domain))}<br>AUC ${aucText(test.auc)} (${between(test.auc_lo, test.auc_hi) || "no interval"})`;
    const reach = (test, end) => (known(test[end]) ? Math.abs(test[end] - test.auc) : 0);
    return { type: "scatter", mode: "markers", name: label(row.detector), x: tests.map((test) => at(test)), y: tests.map((test) => test.auc), text: tests.map(about), hoverinfo: "text",
      marker: { color: colour(i), size: 9, symbol: tests.map((test) => SYMBOLS[i % SYMBOLS.length] + (row.home.has(test.domain) ? "-open" : "")) },
      error_y: { type: "data", symmetric: false, array: tests.map((test) => reach(test, "auc_hi")), arrayminus: tests.map((test) => reach(test, "auc_lo")), color: colour(i), thickness: 1, width: 3 } };
  });
}

function markTraining(layout, row) {
  const ends = row.sources.map((name) => periodOf(name.split("+")[0])?.[1]);
  if (ends.some((end) => !end)) return;
  const x = ends.sort().at(-1);
  layout.shapes.push({ type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { dash: "dash", width: 1.5, color: colourOf("--strong-line") } });
  layout.annotations = [{ x, y: 1, yref: "paper", yanchor: "bottom", xanchor: "left", showarrow: false, text: "later than the training domains →", font: { size: 11 } }];
  layout.margin = { ...layout.margin, t: 26 };
}

function laterCell(row) {
  if (!known(row.later_auc)) return [missing(row.unknown?.later_auc ?? DATA.no_later[row.later_reason] ?? "not measured")];
  return measured(row.later_auc, row.later_auc_lo, row.later_auc_hi);
}

const laterText = (row) => (known(row.later_auc) ? `${auc(row, "later_auc")}, generators that came out after all of the training ones` : row.unknown?.later_auc ?? (row.later_reason ? DATA.no_later[row.later_reason] : ""));

function drawTime() {
  for (const node of document.querySelectorAll(".with-dates")) node.hidden = !TIMED.length;
  if (!TIMED.length) return;
  const trains = [...new Set(TIMED.map((row) => row.train))];
  fillOptions(document.getElementById("time-train"), trains.map((name) => [name, name]), state.time);
  const train = document.getElementById("time-train").value;
  const rows = TIMED.filter((row) => row.train === train);
  const shown = rows.slice(0, MOST_LINES);
  const target = document.getElementById("time-chart");
  const about = `AUC over the release dates of generators, of ${counted(shown.length, "row")} trained on ${shortened(train, 60)}`;
  target.setAttribute("aria-label", about);
  target.setAttribute("role", "img");
  document.getElementById("save-time").replaceChildren(saveButton(target, about));
  draw(target, "time", () => timeTraces(shown), (layout) => markTraining(layout, shown[0]));
  const tested = new Set(rows.flatMap((row) => row.tests.map((test) => test.domain)));
  const without = [...tested].filter((domain) => !periodOf(domain));
  document.getElementById("time-left-out").textContent = [
    without.length ? `Not in the chart, as no release date is known: ${shortened(without.join(", "), 300)}.` : "",
    rows.length > shown.length ? `The chart shows the first ${shown.length} of ${rows.length} rows.` : ""].filter(Boolean).join(" ");
  document.getElementById("time-table").replaceChildren(plainTable("Mean over later generators", ["detector", "later generators, mean AUC"],
    rows.map((row) => [[rowLink(row), element("span", { class: "sub" }, row.band)], laterCell(row)])));
}
