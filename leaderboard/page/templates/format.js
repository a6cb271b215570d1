// Data to elements and texts. Names are data: they only ever become text nodes, never markup.

const LONGEST_OPTION = 90;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, action] of Object.entries(value)) made.addEventListener(event, action);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const known = (value) => typeof value === "number" && Number.isFinite(value);
// What is below 1 must not look as if it reached it.
const aucText = (value, digits = 3) => (known(value) && value < 1 ? Math.min(value, 1 - 10 ** -digits).toFixed(digits) : fixed(value, digits));
const fixed = (value, digits = 3) => (known(value) ? value.toFixed(digits) : "–");
const signed = (value, digits = 3) => {
  if (!known(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value < 0 ? "−" : "+") + text;
};
const percent = (value) => (known(value) ? (value === 1 ? "100" : (100 * value).toFixed(1)) + " %" : "–");
// An interval that ends below 1 must not look as if it reached it.
const bound = (value) => (value === 1 ? "1" : Math.min(value, 0.999).toFixed(3));
const between = (low, high) => (known(low) && known(high) ? `${bound(low)}–${bound(high)}` : "");
const shortened = (text, length = LONGEST_OPTION) => (text.length > length ? text.slice(0, length - 1) + "…" : text);
const counted = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
const kilobytes = (value) => (!known(value) ? "–" : value >= 1e5 ? (value / 1000).toFixed(0) : (value / 1000).toFixed(1));
const milliseconds = (value) => (!known(value) ? "–" : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toPrecision(2));

// A name may break after what separates its parts.
function nameOf(text) {
  const parts = shortened(text, 400).split(/(?<=[/@+_:])/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));
  return element("bdi", { class: "name", title: text.length > 40 ? shortened(text, 400) : null }, parts);
}

function missing(why = "not measured") {
  return element("span", { class: "none", title: why }, element("span", { "aria-hidden": "true" }, "–"), element("span", { class: "unseen" }, why));
}

// An interval of a difference, whose ends may be negative, or of a share.
const RANGES = {
  difference: (low, high) => (known(low) && known(high) ? `${signed(low)} to ${signed(high)}` : ""),
  share: (low, high) => (known(low) && known(high) ? `${percent(low).replace(" %", "")}–${percent(high)}` : ""),
};

function measured(value, low, high, unit = "AUC", note = "") {
  if (!known(value)) return [missing()];
  const sub = (text) => element("span", { class: "sub" }, text || "no interval");
  if (unit in RANGES) return [(unit === "share" ? percent : signed)(value), sub(RANGES[unit](low, high))];
  const under = value < 0.5 ? { class: "under", title: "below chance: reals score higher than fakes" } : {};
  return [element("span", under, (unit === "AUC" ? aucText : fixed)(value)), sub(between(low, high)), note ? sub(note) : ""];
}

// Plotly reads <b>, <a href>, &amp; and the like in its labels; and a right-to-left name must not turn its neighbours round.
function label(text, length = 48) {
  const plain = shortened(String(text), length).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return "\u2068" + plain + "\u2069";
}

function fillOptions(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => element("option", { value }, shortened(text))));
  select.value = options.some(([value]) => value === chosen) ? chosen : options.length ? options[0][0] : "";
}

function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function isDark() {
  const told = document.documentElement.dataset.theme;
  return told ? told === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
