// SPDX-License-Identifier: Apache-2.0
"use strict";
// The dashboard: one event stream in, tables and charts out. Everything that is kept is bounded: 200 signals, 200 rows,
// five minutes of numbers. Values from outside become text or properties, never markup.

const ROWS = 200;
const find = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fraction = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const text = (value, limit = 2000) => (value == null ? "" : String(value).slice(0, limit));
const list = (value, limit = ROWS) => (Array.isArray(value) ? value.slice(0, limit) : []);
const count = (value) => (isNumber(value) ? (value < 1e6 ? number : compact).format(value) : "–");
const rate = (value) => (isNumber(value) ? (value < 10 ? fraction : value < 1e6 ? number : compact).format(value) : "–");

function millis(value) {
  if (!isNumber(value)) return "–";
  return value < 10 ? fraction.format(value) + " ms" : value < 1000 ? number.format(value) + " ms" : age(value / 1000);
}
function age(seconds) {
  if (!isNumber(seconds)) return "–";
  if (seconds < 10) return fraction.format(seconds) + " s";
  if (seconds < 120) return Math.round(seconds) + " s";
  if (seconds < 7200) return Math.round(seconds / 60) + " min";
  return seconds < 172800 ? Math.round(seconds / 3600) + " h" : Math.round(seconds / 86400) + " d";
}
const dateOf = (value) => { const date = new Date(value); return Number.isNaN(date.getTime()) ? null : date; };
function clock(value) {
  const date = dateOf(value);
  if (!date) return text(value, 40);
  const day = date.toDateString() === new Date().toDateString() ? "" : date.toLocaleDateString("en-CA") + " ";
  return day + date.toLocaleTimeString("en-GB");
}
const time = (value) => element("time", { text: clock(value), title: text(value, 40), datetime: text(value, 40) });

// ---- Requests

class Refused extends Error {}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", redirect: "error", cache: "no-store", ...options });
  } catch {
    throw new Refused("The server cannot be reached.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body ?? {};
  if (response.status === 401) throw new Refused("Not allowed: the access token is missing or has expired. Open the dashboard again.");
  throw new Refused(text(body?.error, 500) || `The server answered ${response.status}.`);
}

const csrfToken = document.querySelector("meta[name=csrf-token]")?.content ?? "";
const post = (path) => request(path, {
  method: "POST", headers: { "X-CSRFToken": csrfToken, "Content-Type": "application/json" }, body: "{}",
});
const path = (...parts) => parts.map((part) => encodeURIComponent(part)).join("/");

// ---- Messages and questions

let toastTimer;
function toast(message) {
  find("toast").textContent = message;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { find("toast").textContent = ""; }, 8000);
}

/** Asks before an action; resolves to whether the user agreed. */
function ask({ title, message, subject, button, danger }) {
  const dialog = find("ask");
  if (dialog.open) return Promise.resolve(false);
  find("ask-title").textContent = title;
  find("ask-text").textContent = message;
  find("ask-subject").textContent = subject;
  find("ask-yes").textContent = button;
  find("ask-yes").className = danger ? "main danger" : "main";
  dialog.returnValue = "no";
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}

/** A button that asks, posts, and shows the result. */
function actionButton(label, question, url, done) {
  const button = element("button", { type: "button", class: question.danger ? "danger" : null, text: label + "…" });
  button.addEventListener("click", async () => {
    if (!(await ask({ ...question, button: label }))) return;
    button.disabled = true;
    try {
      const answer = await post(url);
      toast(text(answer.message, 300) || label + ": done.");
      done?.();
    } catch (error) {
      toast(`${label} failed. ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

// ---- Numbers: tiles, charts, queues and workers

let actions = {};
const sum = (rows, read) => {
  const values = list(rows).map(read).filter(isNumber);
  return values.length ? values.reduce((a, b) => a + b, 0) : null;
};
const worst = (rows, read) => {
  const values = list(rows).map(read).filter(isNumber);
  return values.length ? Math.max(...values) : null;
};
const TILES = [
  ["Emitted", (s) => [rate(s.rates?.emitted_per_s), "/s"]],
  ["Confirmed", (s) => [rate(s.rates?.confirmed_per_s), "/s"]],
  ["Pending", (s) => [count(s.outbox?.pending), ""], (s) => (s.outbox?.pending > 10000 ? "warn" : "")],
  ["Oldest pending", (s) => [s.outbox?.pending === 0 ? "–" : age(s.outbox?.oldest_age_s), ""],
    (s) => (s.outbox?.pending === 0 ? "" : s.outbox?.oldest_age_s > 60 ? "bad" : s.outbox?.oldest_age_s > 10 ? "warn" : "")],
  ["In flight", (s) => [count(s.outbox?.in_flight), ""]],
  ["Unrouted", (s) => [count(s.outbox?.unrouted), ""], (s) => (s.outbox?.unrouted > 0 ? "warn" : "")],
  ["Parked", (s) => [count(s.outbox?.parked), ""], (s) => (s.outbox?.parked > 0 ? "bad" : "")],
  ["Dead letters", (s) => [count(sum(s.queues, (q) => q.dead)), ""], (s) => (sum(s.queues, (q) => q.dead) > 0 ? "bad" : "")],
].map(([label, read, level]) => {
  const value = element("span", { text: "–" }), unit = element("small");
  const node = element("div", {}, element("dt", { text: label }), element("dd", {}, value, unit));
  return { node, value, unit, read, level };
});
const CHARTS = [
  new Chart("Signals per second", [
    { label: "emitted", read: (s) => s.rates?.emitted_per_s },
    { label: "confirmed", read: (s) => s.rates?.confirmed_per_s },
    { label: "handled", read: (s) => sum(s.workers, (w) => w.handled_per_s) }], rate),
  new Chart("Outbox", [
    { label: "pending", read: (s) => s.outbox?.pending }, { label: "in flight", read: (s) => s.outbox?.in_flight }], count),
  new Chart("Queues", [
    { label: "ready", read: (s) => sum(s.queues, (q) => q.ready) },
    { label: "retry", read: (s) => sum(s.queues, (q) => q.retry) },
    { label: "dead", read: (s) => sum(s.queues, (q) => q.dead) }], count),
  new Chart("Handler latency", [
    { label: "p99", read: (s) => worst(s.workers, (w) => w.latency_ms?.p99) },
    { label: "p50", read: (s) => worst(s.workers, (w) => w.latency_ms?.p50) }], millis),
];

let droppedSoFar = 0, droppedNow = 0;
function showState(state) {
  for (const tile of TILES) {
    [tile.value.textContent, tile.unit.textContent] = tile.read(state);
    tile.node.dataset.level = tile.level?.(state) || "";
  }
  for (const chart of CHARTS) chart.add(performance.now() / 1000, state);
  if (!document.hidden) for (const chart of CHARTS) chart.draw();
  actions = state.actions ?? {};
  droppedNow = isNumber(state.dropped) ? Math.max(0, state.dropped) : 0;
  droppedSoFar += droppedNow;
  find("installation").textContent = text(state.installation, 120);
  find("tab-mails").hidden = state.mails === false;
  find("notice-paused").hidden = !state.outbox?.paused;
  const failure = text(state.broker?.error, 300);
  find("notice-broker").hidden = !failure;
  if (find("notice-broker").dataset.text !== failure) {
    find("notice-broker").dataset.text = failure;
    find("notice-broker").textContent = "Queues are not shown: " + failure;
  }
  fill("queues", list(state.queues), (queue) => queue.name, queueRow);
  fill("workers", list(state.workers), (worker) => worker.address, workerRow);
  note("queues", state.queues_note);
  note("workers", state.workers_note);
  badge("queues", sum(state.queues, (queue) => queue.dead), "dead letters");
  badge("workers", list(state.workers).filter((worker) => worker.error).length, "not reachable");
  noteSignals();
}

function note(name, value) {
  const node = find("note-" + name), shown = text(value, 500);
  if (node.textContent !== shown) node.textContent = shown;
}

function badge(name, value, what) {
  const node = find("count-" + name);
  node.hidden = !value;
  node.textContent = count(value);
  node.title = what;
}

/** Fills a table with one row for each value; a row is made once and then only changed, so that focus stays. */
function fill(id, values, keyOf, row) {
  const body = find(id);
  const known = (body.rowsByKey ??= new Map());
  const keys = new Set(values.map((value) => text(keyOf(value), 300)));
  for (const [key, made] of known) if (!keys.has(key)) { made.node.remove(); known.delete(key); }
  for (const [index, value] of values.entries()) {
    const key = text(keyOf(value), 300);
    let made = known.get(key);
    if (!made) {
      made = row(value);
      known.set(key, made);
      body.insertBefore(made.node, body.children[index] ?? null);
    }
    made.show(value);
  }
  find(id + "-empty").hidden = values.length > 0;
}

/** A row of cells; `cells` is [class, (value) => text]. The first one is `head`. */
function numbersRow(head, cells, more) {
  const nodes = cells.map(([style]) => element("td", { class: style }));
  const node = element("tr", {}, element("td", {}, ...head), ...nodes);
  return { node, show: (value) => {
    nodes.forEach((cell, index) => {
      const [, read] = cells[index];
      const shown = read(value);
      if (cell.textContent !== shown) cell.textContent = shown;
    });
    more?.(value, nodes);
  } };
}

function queueRow(queue) {
  const name = text(queue.name, 300);
  const open = element("button", { type: "button", class: "text", onclick: () => openDead(name) });
  open.setAttribute("aria-label", "Dead letters of " + name);
  const dead = element("td", { class: "num" }, open);
  const made = numbersRow([element("strong", { text: name })], [
    ["num", (q) => count(q.ready)], ["num wide", (q) => count(q.unacked)], ["num wide", (q) => rate(q.rate_per_s)],
    ["num", (q) => count(q.retry)],
  ]);
  made.node.append(dead);
  const show = made.show;
  made.show = (value) => {
    show(value);
    open.textContent = count(value.dead);
    open.setAttribute("aria-label", `${count(value.dead)} dead letters of ${name}`);
    open.className = value.dead > 0 ? "text state bad" : "text";
  };
  return made;
}

function workerRow(worker) {
  const failure = element("span", { class: "error" });
  const head = [element("strong", { text: text(worker.address, 300) }), failure];
  return numbersRow(head, [
    ["num", (w) => rate(w.handled_per_s)], ["num wide", (w) => millis(w.latency_ms?.p50)],
    ["num", (w) => millis(w.latency_ms?.p99)], ["num wide", (w) => count(w.in_flight)],
    ["num wide", (w) => count(w.handled_total)], ["num", (w) => count(w.failed_total)],
  ], (value) => { failure.textContent = text(value.error, 300); });
}

for (const tile of TILES) find("tiles").append(tile.node);
for (const chart of CHARTS) find("charts").append(chart.node);
