"use strict";
// The data's shape is said in harness/matrix/html.py. Text reaches the page through textContent alone.
const data = JSON.parse(document.getElementById("data").textContent);
const { texts, states, marks, modes } = data;
const ROWS_IN_GROUP = 50;
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
  return count ? `${states[state]} ${count}/${ran}` : states[state];
}

function cellOf(row, column) {
  const now = row.cells[column], was = row.before[column];
  const shown = now || was;
  if (!shown) return make("div", { role: "gridcell", class: "cell absent", tabindex: -1 }, "-");
  const element = make("div", { role: "gridcell", tabindex: -1, "aria-haspopup": "dialog" });
  if (now) {
    element.className = `cell mark ${kind(now[0])}`;
    element.dataset.mark = marks[now[0]];
    element.textContent = label(now);
  } else {
    element.className = "cell";
    element.textContent = "-";
  }
  if (data.compared && row.partner) {
    const small = make("small", {}, was ? `was ${marks[was[0]]} ${label(was)}` : "was -");
    element.append(small);
    if (row.changed[column]) element.classList.add("changed");
  }
  return element;
}

function elementOf(row) {
  if (!row.element) {
    const names = [make("div", { role: "rowheader", class: "name" }, row.installer),
      make("div", { role: "rowheader", class: "name" }, row.layout)];
    if (row.partner && row.partner !== row.installer) names[0].append(make("small", {}, ` (was ${row.partner})`));
    row.element = make("div", { role: "row", class: "row" }, ...names, ...modes.map((_, column) => cellOf(row, column)));
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

function draw() {
  visible = rows.filter((row) => row.hits.includes(true));
  const groups = [];
  for (let start = 0; start < visible.length; start += ROWS_IN_GROUP) {
    const group = make("div", { role: "rowgroup", class: "rows" });
    visible.slice(start, start + ROWS_IN_GROUP).forEach((row, offset) => {
      const element = elementOf(row);
      element.setAttribute("aria-rowindex", start + offset + 2);
      row.hits.forEach((hit, column) => element.children[column + 2].classList.toggle("faded", !hit));
      group.append(element);
    });
    groups.push(group);
  }
  if (!groups.length) groups.push(make("p", { class: "empty" }, "Nothing is like that."));
  grid.replaceChildren(grid.firstChild, ...groups);
  grid.setAttribute("aria-rowcount", visible.length + 1);
  const cells = visible.reduce((sum, row) => sum + row.hits.filter((hit, column) => hit && asked(row, column)).length, 0);
  const all = rows.reduce((sum, row) => sum + modes.filter((_, column) => asked(row, column)).length, 0);
  at("status").textContent = `${cells} of ${all} cells in ${visible.length} rows`;
  rove();
}

const asked = (row, column) => Boolean(row.cells[column] || row.before[column]);

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
    const row = visible[Math.min(Math.max(line, 0), visible.length - 1)];
    const next = row.element.children[2 + Math.min(Math.max(column, 0), modes.length - 1)];
    rove(next);
    next.focus();
    next.scrollIntoView({ block: "nearest" });
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
  return Boolean(cell) && cell[3].some(([, scenario, , why, ...rest]) =>
    hits.has(scenario) || (why || []).some((one) => hits.has(one)) || rest.some((one) => hits.has(one)));
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

function resultOf([state, instance, seconds, why = [], message = 0, story = 0, replay = 0], opened) {
  const reasons = why.map((index) => texts[index]).join(", ");
  const title = make("summary", {}, make("span", { class: `mark ${kind(state)}`, "data-mark": marks[state] }, states[state]),
    " ", make("bdi", {}, texts[instance]), reasons ? `: ${reasons}` : "");
  const parts = [make("p", {}, `${seconds.toFixed(1)} s`)];
  if (message) parts.push(make("p", {}, "said: ", make("bdi", {}, texts[message])));
  if (replay) parts.push(make("div", { class: "replay" }, make("pre", {}, texts[replay]), copyButton(texts[replay])));
  if (story) parts.push(make("pre", { tabindex: 0, "aria-label": "story" }, texts[story]));
  return make("details", opened ? { open: "" } : {}, title, ...parts);
}

function sideOf(heading, cell) {
  const side = make("section", {}, make("h3", {}, heading));
  if (!cell) {
    side.append(make("p", {}, "Nothing was asked there."));
    return side;
  }
  const [state, , , results] = cell;
  side.append(make("p", { class: `mark ${kind(state)}`, "data-mark": marks[state] }, label(cell)));
  const telling = results.filter((result) => result[5]);
  const others = results.filter((result) => !result[5]);
  side.append(...telling.map((result, index) => resultOf(result, index === 0)), ...others.map((result) => resultOf(result, false)));
  return side;
}

function open(cell) {
  const row = cell.parentElement.row;
  const column = place(cell)[1];
  if (!asked(row, column)) return;
  at("title").textContent = `${row.installer}, ${row.layout}, ${modes[column]}`;
  const [about, picture] = data.layouts[row.layout] || [0, 0];
  const sides = [sideOf(row.installer, row.cells[column])];
  if (row.partner) sides.push(sideOf(`before: ${row.partner}`, row.before[column]));
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
at("about").append(...data.about.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
at("only").hidden = !data.compared;
filter();
document.documentElement.dataset.ready = "";
