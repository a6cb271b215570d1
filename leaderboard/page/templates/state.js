// What is shown, kept in the part of the address after "#", so that a view can be sent.
"use strict";

const DEFAULTS = {
  q: "", detector: "", data: "", view: "", study: "", role: "main", origin: "", sort: "", apart: "1", hide: "", show: "", page: "1", size: "50",
  left: "", right: "", cell: "", cell2: "", set: "", time: "", row: "", part: "",
  test: "", against: "", with: "", picked: "", on: "", // chosen test domains and source of reals; the row that `row` is compared with, ticked rows, domain of the chart
};

const state = { ...DEFAULTS };

const JOINED = { test: ",", picked: ",", sort: ",", hide: ",", show: ",", q: " " }; // parts of the address that take several values

let strangeParts = []; // name and value of what no page has, or of a second value where only one is taken

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  strangeParts = [...given].filter(([name]) => !Object.hasOwn(DEFAULTS, name));
  for (const name of Object.keys(DEFAULTS)) {
    const [first = DEFAULTS[name], ...others] = given.getAll(name);
    const between = JOINED[name];
    state[name] = between && others.length ? [first, ...others].filter(Boolean).join(between) : first;
    if (!between) strangeParts.push(...others.filter((value) => value !== first).map((value) => [name, value]));
  }
}

function address(changes = {}) {
  const wanted = { ...state, ...changes };
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== DEFAULTS[name]) given.set(name, value);
  return "#" + given.toString();
}

// A step that "back" undoes is for opening and leaving a row; filters replace one another.
function writeAddress(step = false) {
  const target = address();
  if (target === (location.hash || "#")) return;
  if (step) history.pushState(null, "", target);
  else history.replaceState(null, "", target);
}
