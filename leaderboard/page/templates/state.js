// What is shown, kept in the part of the address after "#", so that a view can be sent.
"use strict";

const DEFAULTS = {
  q: "", detector: "", data: "", view: "", study: "", role: "main", origin: "", sort: "", apart: "1", hide: "", show: "", page: "1", size: "50",
  left: "", right: "", cell: "", cell2: "", set: "", time: "", row: "", part: "",
  test: "", against: "", with: "", picked: "", on: "", // chosen test domains and source of reals; the row that `row` is compared with, ticked rows, domain of the chart
};

const state = { ...DEFAULTS };

let strangeNames = []; // of parts of the address that no page has

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(DEFAULTS)) state[name] = given.get(name) ?? DEFAULTS[name];
  strangeNames = [...given.keys()].filter((name) => !(name in DEFAULTS));
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
