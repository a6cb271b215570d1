// What an address names that this page does not have, as of another page, is said and changes nothing.

const columnsIn = (text) => text.split(",").filter(Boolean).map((part) => part.replace(/^-/, ""));
const notAmong = (allowed) => (text) => (text && !allowed().includes(text) ? [text] : []);
const notIds = (text) => text.split(",").filter((id) => id && !BY_ID.has(id));
const notColumns = (text) => columnsIn(text).filter((id) => !COLUMNS.some((column) => column.id === id));
const notNumber = (text) => (/^[1-9]\d*$/.test(text) ? [] : [text]);

// By part of the address: what of its value is unknown. `row` has a message of its own.
const STRANGERS = {
  test: (text) => namesIn(text).filter((name) => !DATA.domains.includes(name)), against: notAmong(() => SOURCES), with: notIds, picked: notIds,
  ...Object.fromEntries(["detector", "data", "view", "study", "role", "origin"].map((name) => [name, notAmong(() => filterValues(name))])),
  sort: notColumns, hide: notColumns, show: notColumns, page: notNumber, size: notNumber,
  left: notAmong(() => [...SERIES.keys()]), right: notAmong(() => [...SERIES.keys()]), cell: notAmong(() => [...BAND_CELLS.keys()]), cell2: notAmong(() => ["none", ...BAND_CELLS.keys()]),
  time: notAmong(() => TIMED.map((row) => row.train)), on: notAmong(() => DATA.domains), part: notAmong(() => [...document.querySelectorAll("nav a[data-part]")].map((link) => link.dataset.part)),
};

function drawStrangers() {
  const found = Object.entries(STRANGERS).filter(([name]) => state[name] !== DEFAULTS[name]).map(([name, unknown]) => [name, unknown(state[name])]);
  const said = CAN_CHOOSE ? ["test", "against"] : []; // beside the choice
  const texts = found.filter(([name, values]) => values.length && !said.includes(name)).map(([name, values]) => `${name}=${shortened(values.join(","), 80)}`);
  const note = document.getElementById("strangers");
  note.hidden = !texts.length && !strangeParts.length;
  note.textContent = note.hidden ? "" : `The address asks for what is not on this page, and that part of it changes nothing: ${[...strangeParts.map(([name, value]) => `${shortened(name, 40)}=${shortened(value, 80)}`), ...texts].join(", ")}.`;
}
