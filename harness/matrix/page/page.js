"use strict";
// The data's shape is said in harness/matrix/html.py. Text reaches the page through textContent alone.
const data = JSON.parse(document.getElementById("data").textContent);
const { texts, states, marks, modes } = data;
// A map: names are anybody's, `constructor` among them.
const layouts = new Map(Object.entries(data.layouts));
const links = new Map(data.links.map(([index, name, url]) => [index, { name, url }]));
const ROWS_IN_GROUP = 40;
const PAGE = 10;
const at = (id) => document.getElementById(id);
const kind = (state) => states[state].replace(" ", "-");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// --- the grid ---------------------------------------------------------------------------------------------------

function label(cell) {
  const [state, count, ran] = cell;
  if (!count) return states[state];
  return states[state] === "pass" ? `pass ${count}` : `${states[state]} ${count}/${ran}`;
}

// Words that are wider than a column of a phone, with what stands there for them.
const SHORT = new Map([["not applicable", "n/a"], ["elsewhere", "moved"]]);

function brief(words) {
  return SHORT.has(words) ? make("span", { "data-short": SHORT.get(words) }, make("span", {}, words)) : words;
}

function write(cell, words) {
  if (SHORT.has(words)) cell.replaceChildren(brief(words));
  else cell.firstChild.data = words;
}

// Whether a scenario of a cell, which draws its layout, stands in another cell on the other side of a comparison.
const moved = (cell) => cell[3].some((result) => result[8]);

// Rows are copies of this one: copying is several times faster than making, and there may be thousands.
const pattern = make("div", { role: "row", class: "row" },
  make("div", { role: "rowheader", class: "name" }), make("div", { role: "rowheader", class: "name" }),
  ...modes.map(() => make("div", { role: "gridcell", class: "cell", tabindex: -1 }, "-")));

function fill(cell, row, column) {
  const now = row.cells[column], was = row.before[column];
  if (now) {
    cell.className = `cell mark ${kind(now[0])}`;
    cell.dataset.mark = marks[now[0]];
    write(cell, label(now));
  } else if (!was) {
    cell.className = "cell absent";
  } else if (moved(was)) {
    write(cell, "elsewhere");
  }
  if (row.partner && (now || was)) cell.append(make("small", {},
    `${row.changed[column] ? "\u2260 " : ""}was ${was ? `${marks[was[0]]} ` : ""}`,
    brief(was ? label(was) : moved(now) ? "elsewhere" : "-")));
  if (row.changed[column]) cell.classList.add("changed");
}

function elementOf(row) {
  if (!row.element) {
    const [installer, layout, ...cells] = (row.element = pattern.cloneNode(true)).children;
    installer.textContent = row.installer;
    layout.textContent = row.layout;
    if (row.partner && row.partner !== row.installer) installer.append(make("small", {}, ` (was ${row.partner})`));
    cells.forEach((cell, column) => fill(cell, row, column));
    row.element.row = row;
  }
  return row.element;
}

const rows = data.rows.map(([installer, layout, cells, partner = "", before = [], changed = []], index) =>
  ({ installer, layout, cells, partner, before, changed, index, hits: modes.map(() => true), element: null }));
const grid = at("matrix");
let order = { by: -1, down: false };
let visible = rows;

function headOf(name, by) {
  const button = make("button", { type: "button" }, name);
  button.addEventListener("click", () => sort(by));
  const classes = by < modes.length ? "" : "name";
  return make("div", { role: "columnheader", "aria-sort": "none", class: classes }, button);
}

const heads = [headOf("Installer", modes.length), headOf("Layout", modes.length + 1), ...modes.map(headOf)];
grid.append(make("div", { role: "row", class: "row head", "aria-rowindex": 1 }, ...heads));
grid.style.setProperty("--columns", modes.length);
grid.setAttribute("aria-colcount", modes.length + 2);

function weight(row, by) {
  const cell = row.cells[by];
  return cell ? cell[0] * 1e6 - cell[1] : Infinity; // states come worst first
}

function compare(one, other) {
  const { by } = order;
  let result = 0;
  if (by === modes.length) result = one.installer.localeCompare(other.installer, "en", { numeric: true });
  else if (by === modes.length + 1) result = one.layout.localeCompare(other.layout, "en");
  else if (by >= 0) {
    const [first, second] = [weight(one, by), weight(other, by)];
    result = first === second ? 0 : first - second;
  }
  return (order.down ? -result : result) || one.index - other.index;
}

function sort(by) {
  order = { by, down: order.by === by && !order.down };
  heads.forEach((head, index) => {
    const mine = (index < 2 ? modes.length + index : index - 2) === by;
    head.setAttribute("aria-sort", mine ? (order.down ? "descending" : "ascending") : "none");
    head.dataset.sorted = mine ? (order.down ? "down" : "up") : "";
  });
  rows.sort(compare);
  draw();
}

const asked = (row, column) => Boolean(row.cells[column] || row.before[column]);
const everything = rows.reduce((sum, row) => sum + modes.filter((_, column) => asked(row, column)).length, 0);
let drawn = 0; // how many of the visible rows are in the page; the rest follows while nothing else is to be done
let next = 0;
// Safari has no idle callbacks.
const [whenIdle, forget] = window.requestIdleCallback
  ? [(task) => requestIdleCallback(task, { timeout: 100 }), (task) => cancelIdleCallback(task)]
  : [(task) => setTimeout(task), (task) => clearTimeout(task)];

function draw() {
  forget(next);
  visible = rows.filter((row) => row.hits.includes(true));
  drawn = 0;
  grid.replaceChildren(grid.firstChild);
  grid.setAttribute("aria-rowcount", visible.length + 1);
  if (!visible.length) grid.append(make("p", { class: "empty" }, "Nothing is like that."));
  const cells = visible.reduce((sum, row) => sum + row.hits.filter(Boolean).length, 0);
  at("status").textContent = `${cells} of ${everything} cells in ${visible.length} rows`;
  drawMore();
  rove();
}

function drawMore(idle) {
  do drawGroup(); while (drawn < visible.length && idle && idle.timeRemaining() > 10);
  const more = drawn < visible.length;
  grid.setAttribute("aria-busy", more);
  if (more) next = whenIdle(drawMore);
}

function drawGroup() {
  const group = make("div", { role: "rowgroup", class: "rows" });
  for (const row of visible.slice(drawn, drawn + ROWS_IN_GROUP)) {
    const element = elementOf(row);
    element.setAttribute("aria-rowindex", ++drawn + 1);
    row.hits.forEach((hit, column) => element.children[column + 2].classList.toggle("faded", !hit && asked(row, column)));
    group.append(element);
  }
  if (group.firstChild) grid.append(group);
}

// --- the keyboard: one cell of the grid is in the tab order, arrows move it ---------------------------------------

let current = null;

function rove(cell) {
  const known = cell || (current && current.isConnected && current) || grid.querySelector(".cell");
  if (current && current !== known) current.tabIndex = -1;
  current = known;
  if (current) current.tabIndex = 0;
}

function place(cell) {
  const row = cell.parentElement.row;
  return [visible.indexOf(row), [...cell.parentElement.children].indexOf(cell) - 2];
}

const MOVES = {
  ArrowUp: (line, column) => [line - 1, column],
  ArrowDown: (line, column) => [line + 1, column],
  ArrowLeft: (line, column) => [line, column - 1],
  ArrowRight: (line, column) => [line, column + 1],
  PageUp: (line, column) => [line - PAGE, column],
  PageDown: (line, column) => [line + PAGE, column],
  Home: (line, _, control) => [control ? 0 : line, 0],
  End: (line, _, control) => [control ? visible.length - 1 : line, modes.length - 1],
};

grid.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(cell);
  } else if (MOVES[event.key]) {
    event.preventDefault();
    const [line, column] = MOVES[event.key](...place(cell), event.ctrlKey);
    const index = Math.min(Math.max(line, 0), visible.length - 1);
    while (drawn <= index) drawGroup();
    const target = visible[index].element.children[2 + Math.min(Math.max(column, 0), modes.length - 1)];
    rove(target);
    target.focus();
    target.scrollIntoView({ block: "nearest" });
  }
});

grid.addEventListener("click", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  rove(cell);
  open(cell);
});

// --- the filters --------------------------------------------------------------------------------------------------

function options(id, names) {
  at(id).append(...[...new Set(names)].map((name) => make("option", { value: name }, name)));
}

options("installer", rows.map((row) => row.installer));
options("layout", rows.map((row) => row.layout));
options("mode", modes);

const pressed = new Set();
states.forEach((state, index) => {
  const count = data.counts[index];
  if (!count) return;
  const button = make("button", { type: "button", class: `mark ${kind(index)}`, "aria-pressed": "false" }, `${state} ${count}`);
  button.dataset.mark = marks[index];
  button.addEventListener("click", () => {
    pressed.has(index) ? pressed.delete(index) : pressed.add(index);
    button.setAttribute("aria-pressed", pressed.has(index));
    filter();
  });
  at("states").append(button);
});

// Which texts contain what is looked for: each is searched once, however many results have it.
function found(wanted) {
  if (!wanted) return null;
  return new Set(texts.flatMap((text, index) => (text.toLowerCase().includes(wanted) ? [index] : [])));
}

function says(cell, hits) {
  return Boolean(cell) && cell[3].some(([, scenario, , why = [], message, story, replay]) =>
    [scenario, ...why, message, story, replay].some((one) => hits.has(one)));
}

function has(cell, state) {
  return Boolean(cell) && (cell[0] === state || cell[3].some((result) => result[0] === state));
}

function filter() {
  const [installer, layout, mode] = ["installer", "layout", "mode"].map((id) => at(id).value);
  const wanted = at("text").value.trim().toLowerCase();
  const hits = found(wanted);
  for (const row of rows) {
    const mine = (!installer || row.installer === installer) && (!layout || row.layout === layout);
    const named = hits && `${row.installer} ${row.layout}`.toLowerCase().includes(wanted);
    row.hits = modes.map((name, column) => {
      const now = row.cells[column], was = row.before[column];
      return mine && (!mode || name === mode) && asked(row, column)
        && (!pressed.size || [...pressed].some((state) => has(now, state)))
        && (!at("changed").checked || Boolean(row.changed[column]))
        && (!hits || named || says(now, hits) || says(was, hits));
    });
  }
  draw();
}

at("filters").addEventListener("input", filter);
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("filters").addEventListener("reset", () => {
  pressed.clear();
  for (const button of at("states").querySelectorAll("button")) button.setAttribute("aria-pressed", "false");
  setTimeout(filter); // once the fields are empty
});

// --- what is behind a cell ----------------------------------------------------------------------------------------

function copyButton(command) {
  const button = make("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.previousSibling); // not allowed here: ready to be copied by hand
      button.textContent = "Selected";
    }
  });
  return button;
}

function linked({ name, url }) {
  return make("a", { href: url, rel: "noreferrer noopener" }, name);
}

// Reports by their names alone: a link inside a summary, which is a button itself, is not heard by everybody.
const reasons = (why) => why.map((index) => (links.has(index) ? links.get(index).name : texts[index])).join(", ");

// The same with reports as links.
const linkedReasons = (why) => why.flatMap((index, number) =>
  [number ? ", " : "", links.has(index) ? linked(links.get(index)) : texts[index]]);

function badge(state, words) {
  return make("span", { class: `badge mark ${kind(state)}`, "data-mark": marks[state] }, words);
}

// What the other side of a comparison says of an instance, where it says something else, or in another cell.
function otherwise(result, other) {
  const said = result[7], place = result[8];
  return said ? ` (${other}: ${texts[said]}${place ? ` in ${texts[place]}` : ""})` : "";
}

function told(result, other, opened) {
  const [state, instance, seconds, why, message = 0, story = 0, replay = 0] = result;
  const title = make("summary", {}, badge(state, states[state]), " ", make("bdi", {}, texts[instance]),
    `: ${reasons(why)}${otherwise(result, other)}`);
  const parts = [make("p", {}, `${seconds} s`)];
  const reports = why.filter((index) => links.has(index));
  if (reports.length) parts.push(make("p", {}, "reports: ", ...linkedReasons(reports)));
  if (message) parts.push(make("p", {}, "said: ", make("bdi", {}, texts[message])));
  if (replay) parts.push(make("div", { class: "replay" }, make("pre", {}, texts[replay]), copyButton(texts[replay])));
  if (story) parts.push(make("pre", { tabindex: 0, "aria-label": "story" }, texts[story]));
  return make("details", opened ? { open: "" } : {}, title, ...parts);
}

function listed(state, results, other) {
  const lines = results.map((result) => {
    const [, instance, seconds, why = []] = result;
    const more = why.length ? [": ", ...linkedReasons(why)] : [` ${seconds} s`];
    return make("li", {}, make("bdi", {}, texts[instance]), ...more, otherwise(result, other));
  });
  return make("details", {}, make("summary", {}, badge(state, `${states[state]} ${results.length}`)), make("ul", {}, ...lines));
}

// Where one side of a cell is empty: the scenarios of the other one may stand elsewhere, by what they drew.
function nothing(across) {
  const places = new Set((across ? across[3] : []).flatMap((result) => (result[8] ? [texts[result[8]]] : [])));
  return places.size ? `What was drawn stands elsewhere: ${[...places].join("; ")}.` : "Nothing was asked there.";
}

// `other` is what the other side is called, `across` its cell.
function sideOf(heading, cell, other, across) {
  const side = make("section", {}, make("h3", {}, heading));
  if (!cell) {
    side.append(make("p", {}, nothing(across)));
    return side;
  }
  const [state, , , results] = cell;
  const stories = results.filter((result) => result[5]);
  const others = results.filter((result) => !result[5]);
  side.append(
    make("p", {}, badge(state, label(cell))),
    ...stories.map((result, index) => told(result, other, index === 0)),
    ...[...new Set(others.map((result) => result[0]))].map((one) =>
      listed(one, others.filter((result) => result[0] === one), other)),
  );
  return side;
}

function open(cell) {
  const row = cell.parentElement.row;
  const column = place(cell)[1];
  if (!asked(row, column)) return;
  at("title").textContent = `${row.installer}, ${row.layout}, ${modes[column]}`;
  const [about, picture] = layouts.get(row.layout) || [0, 0];
  const now = row.cells[column], was = row.before[column];
  const sides = [sideOf(row.installer, now, "before", was)];
  if (row.partner) sides.push(sideOf(`before: ${row.partner}`, was, "now", now));
  at("evidence").replaceChildren(
    make("p", {}, texts[about]),
    ...(picture ? [make("pre", { tabindex: 0, "aria-label": "picture of the layout" }, texts[picture])] : []),
    make("div", { class: sides.length > 1 ? "sides two" : "sides" }, ...sides),
  );
  at("details").showModal();
  at("details").scrollTop = 0;
  at("title").focus();
}

at("close").addEventListener("click", () => at("details").close());
at("details").addEventListener("click", (event) => event.target === at("details") && at("details").close());
at("details").addEventListener("close", () => current && current.focus());

// --- the page -----------------------------------------------------------------------------------------------------

at("summary").textContent = data.summary;
at("remarks").append(...data.remarks.map((remark) => make("p", {}, remark)));
at("about").append(...data.about.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
at("only").hidden = !data.compared;
filter();
document.documentElement.dataset.ready = "";
