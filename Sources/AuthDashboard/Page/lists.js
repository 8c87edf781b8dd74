// SPDX-License-Identifier: Apache-2.0
"use strict";
// The latest signals, the panel (one signal, dead letters, one mail), the tabs, and the event stream that feeds all.

// ---- The latest signals

const STATES = { confirmed: "good", unrouted: "warn", deferred: "warn", parked: "bad", pending: "" };
const stateMark = (state) => element("span", { class: "state " + (STATES[state] ?? ""), text: text(state, 40) || "–" });
const latest = new Map(); // id → signal, oldest first, at most ROWS
let filtered = null; // the same for the filter, if one is set
const rows = new Map(); // id → row of the table
let isPaused = false, waiting = 0, renderTimer = null;
const filters = find("filters").elements;
const filter = () => ({
  name: filters.name.value.trim().toLowerCase(), state: filters.state.value, subject: filters.subject.value.trim().toLowerCase(),
});

function matches(signal, { name, state, subject }) {
  return (!name || signal.name.toLowerCase().includes(name)) && (!state || signal.state === state)
    && (!subject || signal.subject.toLowerCase().startsWith(subject));
}
const order = (signal) => (isNumber(signal.sequence) ? signal.sequence : -1);

/** The members of a signal event that are kept, bounded in size; null if it has no id. */
function signalOf(value) {
  const id = text(value?.id, 100);
  return id ? {
    id, sequence: isNumber(value.sequence) ? value.sequence : null, name: text(value.name, 127),
    subject: text(value.subject, 255), time: text(value.time, 40), state: text(value.state, 40),
    confirm_ms: isNumber(value.confirm_ms) ? value.confirm_ms : null,
  } : null;
}

function keep(map, signal) {
  const isNew = !map.has(signal.id);
  map.set(signal.id, signal); // a Map keeps the place of a known key
  if (map.size > ROWS) map.delete(map.keys().next().value);
  return isNew;
}

function receive(value) {
  const signal = signalOf(value);
  if (!signal) return;
  const isNew = keep(latest, signal);
  const isShown = matches(signal, filter());
  if (filtered && isShown) keep(filtered, signal);
  if (filtered && !isShown) filtered.delete(signal.id);
  if (isNew && isShown && isHeld()) waiting += 1;
  schedule();
  if (isNew && !find("pane-mails").hidden) mailsTimer ??= setTimeout(loadMails, 2000);
}

/** Whether the list stands still: it is paused, or the user points at a row or has moved the focus into one. */
function isHeld() {
  const body = find("signals");
  return isPaused || (matchMedia("(hover: hover)").matches && body.matches(":hover")) || body.contains(document.activeElement);
}

/** Draws at most four times a second, and not at all while the page is hidden. */
function schedule() {
  renderTimer ??= setTimeout(() => {
    renderTimer = null;
    if (!document.hidden) renderSignals();
  }, 250);
}

function renderSignals() {
  const body = find("signals");
  const wanted = [...(filtered ?? latest).values()].sort((a, b) => order(b) - order(a));
  if (isHeld() && rows.size) {
    for (const signal of wanted) rows.get(signal.id)?.show(signal);
    return noteSignals();
  }
  waiting = 0;
  const ids = new Set(wanted.map((signal) => signal.id));
  for (const [id, row] of rows) if (!ids.has(id)) { row.node.remove(); rows.delete(id); }
  const isFirst = rows.size === 0;
  let before = body.firstChild;
  for (const signal of wanted) {
    let row = rows.get(signal.id);
    if (!row) {
      row = signalRow(signal);
      rows.set(signal.id, row);
      if (!isFirst) row.node.className = "new";
    }
    row.show(signal);
    if (row.node === before) before = before.nextSibling;
    else body.insertBefore(row.node, before);
  }
  find("signals-empty").hidden = wanted.length > 0;
  noteSignals();
}

function signalRow(signal) {
  const open = element("button", { type: "button", class: "text", text: signal.name, onclick: () => openSignal(signal) });
  const state = element("td"), confirm = element("td", { class: "num wide" });
  const node = element("tr", {}, element("td", { class: "time" }, time(signal.time)),
    element("td", {}, open, element("span", { class: "sub", text: `${clock(signal.time)} · ${signal.subject}` })),
    element("td", { class: "subject wide", text: signal.subject, title: signal.subject }), state, confirm,
    element("td", { class: "num wide", text: signal.sequence ?? "" }));
  let shown = null;
  return { node, show: (value) => {
    confirm.textContent = millis(value.confirm_ms);
    if (shown !== value.state) state.replaceChildren(stateMark(value.state));
    shown = value.state;
  } };
}

function noteSignals() {
  const parts = [`The newest ${rows.size}${rows.size === ROWS ? " (the most that are listed)" : ""}`];
  if (isPaused) parts.push(`paused, ${number.format(waiting)} new`);
  else if (waiting) parts.push(`held while you point at it, ${number.format(waiting)} new`);
  if (droppedNow) parts.push(`sampled: ${number.format(droppedNow)} more in the last second are not listed`);
  if (droppedSoFar) parts.push(`${number.format(droppedSoFar)} not listed since the page was opened`);
  const note = rows.size || droppedSoFar || waiting ? parts.join(" · ") : "";
  if (find("signals-note").textContent !== note) find("signals-note").textContent = note;
}

/** Fetches the newest signals from the server, those that match the filter if one is set. */
let loading = 0;
async function load() {
  const { name, state, subject } = filter();
  filtered = name || state || subject ? new Map() : null;
  const turn = (loading += 1);
  const query = new URLSearchParams({ limit: ROWS });
  if (state) query.set("state", state);
  if (name) query.set("name", name);
  if (subject) query.set("subject", subject);
  find("signals-empty").textContent = filtered ? "No signal matches the filter."
    : "No signals yet. The next log-in or sign-up appears here.";
  if (filtered) for (const signal of latest.values()) if (matches(signal, filter())) keep(filtered, signal);
  try {
    const answer = await request("signals?" + query);
    if (turn !== loading) return;
    const found = list(answer.signals).map(signalOf).filter((signal) => signal && matches(signal, filter()));
    const map = filtered ?? latest;
    const all = [...found.filter((signal) => !map.has(signal.id)), ...map.values()];
    map.clear();
    for (const signal of all.sort((a, b) => order(a) - order(b)).slice(-ROWS)) map.set(signal.id, signal);
  } catch (error) {
    if (turn === loading) toast("The list of signals cannot be loaded. " + error.message);
  }
  renderSignals();
}

let filterTimer;
find("filters").addEventListener("input", () => {
  clearTimeout(filterTimer);
  filterTimer = setTimeout(load, 300);
});
find("filters").addEventListener("submit", (event) => event.preventDefault());
find("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  find("pause").setAttribute("aria-pressed", String(isPaused));
  find("pause").textContent = isPaused ? "Continue" : "Pause list";
  renderSignals();
});
find("signals").addEventListener("pointerleave", schedule);
find("signals").addEventListener("focusout", schedule);

// ---- The panel

const narrow = matchMedia("(max-width: 820px)");
let panelTurn = 0, returnFocus = null;

/** Opens the panel with a title and fills it with what `content` resolves to. */
async function openPanel(title, content) {
  const turn = (panelTurn += 1);
  const panel = find("panel");
  if (panel.hidden) returnFocus = document.activeElement;
  panel.hidden = false;
  find("page").inert = narrow.matches;
  find("panel-title").textContent = title;
  find("panel-body").replaceChildren(element("p", { class: "hint", text: "Loading…" }));
  panel.scrollTop = 0;
  find("panel-title").focus();
  let nodes;
  try {
    nodes = await content();
  } catch (error) {
    nodes = [element("p", { class: "notice bad", text: error.message })];
  }
  if (turn === panelTurn && !panel.hidden) find("panel-body").replaceChildren(...nodes.filter(Boolean));
}

/** Replaces the content of the open panel. */
async function refreshPanel(content) {
  const turn = panelTurn, body = find("panel-body");
  const nodes = await content().catch(() => null);
  if (!nodes || turn !== panelTurn || find("panel").hidden) return;
  const hadFocus = body.contains(document.activeElement);
  body.replaceChildren(...nodes.filter(Boolean));
  if (hadFocus) find("panel-title").focus();
}

function closePanel() {
  panelTurn += 1;
  find("panel").hidden = true;
  find("page").inert = false;
  find("panel-body").replaceChildren();
  (returnFocus?.isConnected ? returnFocus : find("panes")).focus();
}
find("panel-close").addEventListener("click", closePanel);
narrow.addEventListener("change", () => { find("page").inert = narrow.matches && !find("panel").hidden; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !find("panel").hidden && !find("ask").open) closePanel();
});

/** A list of facts; a value is text, a node, or absent. */
function facts(pairs) {
  const nodes = pairs.filter(([, value]) => value != null && value !== "").flatMap(([label, value]) =>
    [element("dt", { text: label }), element("dd", {}, value instanceof Node ? value : text(value))]);
  return element("dl", { class: "facts" }, ...nodes);
}
function copyable(value) {
  if (!value) return null;
  const copy = element("button", { type: "button", class: "small", text: "Copy", onclick: () => navigator.clipboard
    ?.writeText(value).then(() => toast("Copied."), () => toast("The browser does not allow copying.")) });
  return element("span", {}, element("span", { class: "mono", text: text(value, 200) }), navigator.clipboard ? copy : null);
}
const json = (value) => element("pre", { tabindex: 0, text: text(JSON.stringify(value, null, 2), 100000) });
const heading = (title) => element("h3", { text: title });

/** Opens a signal; with its number the server finds it without searching the history. */
function openSignal({ id, sequence }) {
  const query = sequence == null ? "" : "?sequence=" + encodeURIComponent(sequence);
  /** Shows a signal in the panel anew when its state has changed. */
  const again = async (turn, state) => {
    if (turn !== panelTurn) return;
    const signal = document.hidden || find("ask").open ? null : await request(path("signals", id) + query).catch(() => null);
    if (signal && signal.state !== state) refreshPanel(content);
    else setTimeout(again, 2000, turn, state);
  };
  const content = async () => {
    const turn = panelTurn;
    const signal = await request(path("signals", id) + query);
    if (signal.state === "pending" || signal.state === "deferred") setTimeout(again, 1000, turn, signal.state);
    find("panel-title").textContent = text(signal.name, 127);
    const republish = actions.republish === false ? null : actionButton("Republish", {
      title: "Republish this signal?",
      message: "It is published again with the same id. Workers with an inbox skip it if they have handled it; others handle it once more.",
      subject: text(signal.name, 127) + " · " + id,
    }, path("signals", id, "republish") + query, () => openSignal({ id, sequence }));
    const history = list(signal.history, 100).map((entry) => element("li", {}, time(entry.time),
      element("strong", { text: text(entry.event, 100) }), entry.detail ? " · " + text(entry.detail, 500) : null));
    return [
      facts([
        ["State", stateMark(signal.state)], ["Time", time(signal.time)], ["Subject", signal.subject],
        ["Confirmed after", isNumber(signal.confirm_ms) ? millis(signal.confirm_ms) : null],
        ["Number", signal.sequence], ["Attempts", signal.attempts], ["Routing key", signal.routing_key],
        ["Broker", signal.broker_text], ["Id", copyable(signal.id)], ["Trace id", copyable(signal.trace_id)],
      ]),
      republish && element("div", { class: "actions" }, republish),
      history.length ? heading("History") : null,
      history.length ? element("ol", { class: "history" }, ...history) : null,
      heading("Message (personal values are redacted)"), json(signal.message ?? null),
    ];
  };
  return openPanel("Signal", content);
}

function openDead(queue) {
  return openPanel("Dead letters of " + queue, async () => {
    const answer = await request(path("dead", queue));
    const hint = element("p", { class: "hint" }), items = element("ul", { class: "dead" });
    const note = () => {
      const left = items.children.length;
      hint.textContent = answer.more ? `The first ${left}; more follow when these are gone and the list is opened again.`
        : left ? `${left} in all.` : "No dead letters.";
    };
    items.append(...list(answer.messages, 100).map((letter) => deadLetter(queue, letter, note)));
    note();
    return [hint, items];
  });
}

function deadLetter(queue, letter, removed) {
  const id = text(letter.id, 200), name = text(letter.name, 127) || "(unreadable)";
  const subject = `${name} · ${id} · ${queue}`;
  const node = element("li", {}, element("strong", { text: name }), facts([
    ["Reason", text(letter.reason, 200)], ["Handler", text(letter.handler, 200)], ["Error", text(letter.error, 500)],
    ["Attempt", letter.attempt], ["Emitted", letter.time ? time(letter.time) : null],
    ["Dead since", letter.died_at ? time(letter.died_at) : null], ["Subject", letter.subject], ["Id", id],
  ]));
  if (letter.message != null) {
    node.append(element("details", {}, element("summary", { text: "Message" }), json(letter.message)));
  }
  const done = () => { node.remove(); removed(); find("panel-title").focus(); };
  if (id && actions.dead !== false) {
    node.append(element("div", { class: "actions" },
      actionButton("Requeue", { title: "Requeue this dead letter?", subject,
        message: "It returns to its queue and is handled again, for the handler that failed." }, path("dead", queue, id, "requeue"), done),
      actionButton("Drop", { title: "Drop this dead letter?", danger: true, subject,
        message: "It is deleted from the queue and cannot be recovered." }, path("dead", queue, id, "drop"), done)));
  }
  return node;
}

// ---- Mails

let mailsTimer = null;
async function loadMails() {
  clearTimeout(mailsTimer);
  mailsTimer = null;
  try {
    const answer = await request("mails");
    fill("mails", list(answer.mails), (mail) => mail.id, mailRow);
    find("mails-note").textContent = text(answer.note, 300) || "The newest mails, kept for development.";
  } catch (error) {
    toast("The mails cannot be loaded. " + error.message);
  }
}

function mailRow(mail) {
  const open = element("button", { type: "button", class: "text", text: text(mail.subject, 300) || "(no subject)", onclick: () => openMail(mail.id) });
  const state = element("td");
  const node = element("tr", {}, element("td", { class: "time" }, time(mail.time)),
    element("td", {}, open, element("span", { class: "sub", text: text(mail.to, 254) })),
    element("td", { class: "wide", text: text(mail.to, 254) }), state);
  return { node, show: (value) => { state.textContent = text(value.state, 40) || "–"; } };
}

const webAddress = (value) => { try { return /^https?:$/.test(new URL(value).protocol) ? String(value) : null; } catch { return null; } };
const link = (url) => element("a", { href: url, target: "_blank", rel: "noopener noreferrer", text: url });

/** A plain text with its web addresses as links. */
function linked(value) {
  const parts = text(value, 100000).split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/);
  return element("pre", { tabindex: 0 }, ...parts.map((part, index) => (index % 2 && webAddress(part) ? link(part) : part)));
}

function openMail(id) {
  return openPanel("Mail", async () => {
    const mail = await request(path("mails", id));
    find("panel-title").textContent = text(mail.subject, 300) || "(no subject)";
    const links = list(mail.links, 50).map(webAddress).filter(Boolean);
    const framed = mail.html_url || mail.html;
    const frame = framed && element("iframe", { sandbox: "allow-popups allow-popups-to-escape-sandbox", title: "The mail as HTML", referrerpolicy: "no-referrer" });
    if (frame && mail.html_url) frame.src = text(mail.html_url);
    else if (frame) frame.srcdoc = text(mail.html, 500000);
    return [
      facts([["To", mail.to], ["From", mail.from], ["Time", mail.time ? time(mail.time) : null], ["State", mail.state]]),
      links.length ? heading("Links") : null,
      links.length ? element("ul", { class: "links" }, ...links.map((url) => element("li", {}, link(url)))) : null,
      mail.text ? heading("Text") : null, mail.text ? linked(mail.text) : null,
      frame ? heading("HTML") : null, frame,
    ];
  });
}
find("mails-refresh").addEventListener("click", loadMails);

// ---- Tabs

const tabs = [...document.querySelectorAll("[role=tab]")];
function select(tab, moveFocus) {
  for (const one of tabs) {
    one.setAttribute("aria-selected", String(one === tab));
    one.tabIndex = one === tab ? 0 : -1;
    find(one.getAttribute("aria-controls")).hidden = one !== tab;
  }
  if (moveFocus) tab.focus();
  history.replaceState(null, "", "#" + tab.id.slice(4));
  if (tab.id === "tab-mails") loadMails();
}
for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", (event) => {
    const shown = tabs.filter((one) => !one.hidden), at = shown.indexOf(tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + shown.length, Home: 0, End: shown.length - 1 }[event.key];
    if (next == null) return;
    event.preventDefault();
    select(shown[next % shown.length], true);
  });
}
function selectFromAddress() {
  const chosen = tabs.find((tab) => "#" + tab.id.slice(4) === location.hash);
  if (chosen) select(chosen);
}
addEventListener("hashchange", selectFromAddress);
selectFromAddress();

// ---- The event stream

let stream = null, lastState = 0, retryAfter = 2, retryTimer = null, isLive = false;

function setConnection(state, label, message) {
  isLive = state === "live";
  const node = find("connection");
  if (node.dataset.state === state && find("connection-text").textContent === label) return;
  node.dataset.state = state;
  find("connection-text").textContent = label;
  find("notice-connection").hidden = !message;
  find("notice-connection").textContent = message ?? "";
  document.body.classList.toggle("stale", state === "lost");
}
const lost = (reason) =>
  setConnection("lost", "Disconnected", `Disconnected: ${reason} What is shown is old. The page reconnects by itself.`);

function connect() {
  stream?.close();
  stream = new EventSource("events");
  stream.addEventListener("state", (event) => {
    const state = parsed(event.data);
    if (!state) return;
    if (!isLive && lastState) load(); // what was missed meanwhile
    lastState = performance.now();
    retryAfter = 2;
    setConnection("live", "Live");
    showState(state);
  });
  stream.addEventListener("signal", (event) => receive(parsed(event.data)));
  stream.addEventListener("error", () => {
    lost("the connection to the server is lost.");
    // The browser reconnects, but not after an answer that is an error, such as a proxy's while the server restarts.
    if (stream.readyState !== EventSource.CLOSED) return;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, retryAfter * 1000);
    retryAfter = Math.min(30, retryAfter * 2);
  });
}

function parsed(data) {
  try {
    const value = JSON.parse(data);
    return value && typeof value === "object" ? value : null;
  } catch { return null; }
}

// A connection that died without a word: no numbers for six seconds, although they are sent every second.
setInterval(() => {
  if (isLive && performance.now() - lastState > 6000) lost("the server has sent nothing for some seconds.");
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  renderSignals();
  for (const chart of CHARTS) chart.draw();
});
connect();
load();
