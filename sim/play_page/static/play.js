// What makes the page comfortable; without it, forms and a link do the same.
const page = () => document.getElementById("page");
const form = () => document.getElementById("form");
const NEWS_MS = 40000;  // the server answers within 20 s, whether there is something new or not
const ANSWER_MS = 30000;  // a connection that broke without a word is waited for no longer
const SOON_MS = 1000, LATER_MS = 5000;  // until a server that did not answer is asked again
const NOT_TAKEN = [408, 429];  // and all from 500: somebody answered, perhaps in its place
const ENDS = ["finished", "stopped", "failed"];
const HURRY_S = 600;  // so long before its end, the time that is left is shown
const SOON_S = 5;  // a wait is counted from then on: a model may take minutes
const ABOVE_PX = 48;  // of what was said before stays in sight

let shownMs = 0, since = performance.now(), focusLost = 0, over = false;

document.documentElement.classList.add("scripted");

// -- drafts: what was typed and not sent survives a reload -------------------------------------

const draftKey = () => `retailsim-draft-${form()?.elements.question.value}`;
const own = element => element.name?.startsWith("f.");

function kept(key, value, where = "localStorage") {
  try {
    if (value === undefined) return window[where].getItem(key);
    if (value === null) window[where].removeItem(key); else window[where].setItem(key, value);
  } catch { /* a browser that keeps nothing */ }
  return null;
}

function keepDraft() {
  const values = [...new FormData(form())].filter(([name]) => name.startsWith("f."));
  kept(draftKey(), JSON.stringify({values, shownMs: shownFor(), focusLost}));
}

function keepTimes() {  // in this tab alone: another one has its own
  if (form()) kept(draftKey(), JSON.stringify({shownMs: shownFor(), focusLost}), "sessionStorage");
}

function takeUpTimes() {
  const stores = [undefined, "sessionStorage"].map(where => parsed(kept(draftKey(), undefined, where)));
  const known = stores.filter(one => one);
  shownMs = Math.max(0, ...known.map(one => one.shownMs));
  focusLost = Math.max(0, ...known.map(one => one.focusLost));
  since = performance.now();
}

function forget(key) {
  kept(key, null);
  kept(key, null, "sessionStorage");
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

function fillInDraft() {
  const draft = parsed(kept(draftKey()));
  if (!draft || form().querySelector("[aria-invalid]")) return;
  for (const element of [...form().elements].filter(own)) {
    const values = draft.values.filter(([name]) => name === element.name).map(([, value]) => value);
    if (element.type === "radio" || element.type === "checkbox") element.checked = values.includes(element.value);
    else if (element.type !== "submit" && values.length) element.value = values[0];
  }
}

// -- fields that count only with others --------------------------------------------------------

function showWhatCounts() {
  const given = form() ? [...new FormData(form())] : [];
  for (const field of document.querySelectorAll("[data-only-if]")) {
    const [name, ...values] = JSON.parse(field.dataset.onlyIf);
    const has = given.filter(([one]) => one === name).map(([, value]) => value);
    field.hidden = !(has.some(value => values.includes(value)) || (!has.length && values.includes("no")
      && form().elements[name]?.type === "checkbox"));
  }
}

// -- time --------------------------------------------------------------------------------------

const shownFor = () => Math.round(shownMs + (document.hidden ? 0 : performance.now() - since));
let ends = 0;

function setClock() {
  const left = document.getElementById("left");
  ends = left ? performance.now() + 1000 * Number(left.dataset.left) : 0;
}

const WAITS = "retailsim-waits";
let waits = null;

function waitsSince() {  // also over a reload
  const state = page().dataset.state;
  waits ??= kept(WAITS, undefined, "sessionStorage");
  if (waits?.split(" ")[0] !== state) kept(WAITS, waits = `${state} ${Date.now()}`, "sessionStorage");
  return Number(waits.split(" ")[1]);
}

function tellWait() {
  const shown = document.getElementById("waits");
  if (!shown) { kept(WAITS, waits = null, "sessionStorage"); return; }
  const seconds = Math.floor((Date.now() - waitsSince()) / 1000);
  shown.textContent = seconds < SOON_S ? "" : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function tick() {
  tellWait();
  const of = document.querySelector("#left .of");
  if (!of) return;
  const seconds = Math.max(0, Math.round((ends - performance.now()) / 1000));
  of.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const shown = document.getElementById("left");
  shown.hidden = seconds > HURRY_S;
  shown.classList.toggle("short", seconds <= 20);
}

// -- the page, renewed in its place --------------------------------------------------------------

function renewChat(old, next) {
  const same = old.dataset.market === next.dataset.market && old.children.length <= next.children.length
    && [...old.children].every((one, at) => one.outerHTML === next.children[at].outerHTML);
  if (same) [...next.children].slice(old.children.length).forEach(one => old.append(one));
  else { old.dataset.market = next.dataset.market; old.replaceChildren(...next.childNodes); }
}

function renew(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const fresh = next.getElementById("page");
  if (!fresh) throw new Error("no page of ours");  // of a proxy, before a server that is gone
  const before = form()?.elements.question.value;
  const chats = [document.getElementById("chat"), fresh.querySelector("#chat")];
  if (chats[0] && chats[1]) {
    renewChat(...chats);
    chats[1].replaceWith(chats[0]);  // the same element, so that what is new is read out
  }
  const sheets = [document.getElementById("sheet"), fresh.querySelector("#sheet")];
  if (sheets[1] && sheets[0]?.textContent === sheets[1].textContent)
    sheets[1].replaceWith(sheets[0]);  // somebody may be reading there, with details open or closed
  takeBack();
  document.getElementById("strip").replaceChildren(...next.getElementById("strip").childNodes);
  page().replaceWith(fresh);
  document.title = next.title;
  over = ENDS.includes(fresh.dataset.state);
  arrived(before !== form()?.elements.question.value);
}

function arrived(anew) {
  setClock(); tick();
  if (anew) takeUpTimes();
  if (form()) { fillInDraft(); }
  showWhatCounts();
  showLatest(document.getElementById("chat"));
}

function showLatest(chat) {
  const last = [...chat?.querySelectorAll(".turn") ?? []].at(-1);
  if (!last) return;
  const above = last.getBoundingClientRect().top - chat.getBoundingClientRect().top;
  chat.scrollTop = Math.min(chat.scrollHeight, chat.scrollTop + above - ABOVE_PX);
}

function focusOn() {
  const wrong = form()?.querySelector("[aria-invalid]");
  const target = wrong?.matches("fieldset") ? wrong.querySelector("input") : wrong;
  const asks = target ?? document.getElementById("asks");
  asks?.focus({preventScroll: true});
  (document.getElementById("ask") ?? asks)?.scrollIntoView({block: "nearest"});
}

// -- what is sent and asked for ------------------------------------------------------------------

async function ask(address, within, options, control = new AbortController()) {
  const timer = setTimeout(() => control.abort(), within);
  try {
    const answer = await fetch(address, {...options, signal: control.signal});
    const text = await answer.text();
    if (answer.status >= 500 || NOT_TAKEN.includes(answer.status)) throw new Error(text);
    return [answer.status, text];
  } finally { clearTimeout(timer); }
}

let onItsWay = Promise.resolve();  // until what was sent is answered, nothing else is asked
let unsent = null;  // a form whose answer did not come
let asking = null;  // what is new
const notice = document.getElementById("unsent");

function send(event) {
  event.preventDefault();
  const sent = event.target;
  if (sent.dataset.busy) return;
  onItsWay = Promise.all([onItsWay, delivered(sent, event.submitter)]);
}

function setBusy(sent, busy) {
  if (busy) sent.dataset.busy = "yes"; else delete sent.dataset.busy;
  sent.inert = busy;  // what is written now would be in no answer
  document.getElementById("sends").textContent = busy ? "Sending…" : "";
}

async function delivered(sent, by) {
  const key = draftKey();
  if (sent === form()) {
    sent.elements.shown_ms.value = shownFor();
    sent.elements.focus_lost.value = focusLost;
  }
  const data = new FormData(sent);
  if (by?.name) data.append(by.name, by.value);
  takeBack();
  setBusy(sent, true);
  try {
    const [status, html] = await ask(sent.action, ANSWER_MS, {method: "POST", body: new URLSearchParams(data)});
    if (status < 400) forget(key);
    renew(html);
    setBusy(sent, false);
    focusOn();
  } catch {
    unsent = sent;
    setBusy(sent, false);
    by?.focus();
    asking?.abort();  // it would wait for what is new, and whether anybody is there is not known
    if (over) found(); else lost();  // where nothing is followed, nobody finds out whether it came
  }
}

function lost() {
  document.getElementById("lost").hidden = false;
}

function found() {
  document.getElementById("lost").hidden = true;
  if (unsent?.isConnected) {
    (unsent.querySelector(".send") ?? unsent).before(notice);  // where it covers no button
    notice.hidden = false;
  }
  unsent = null;
}

function takeBack() {
  unsent = null;
  notice.hidden = true;
  document.querySelector(".tells").prepend(notice);
}

async function takeInNews(known, within) {
  asking = new AbortController();
  const [, text] = await ask(`./state?known=${encodeURIComponent(known)}`, within, {}, asking);
  const state = JSON.parse(text).state;
  if (state === page().dataset.state || document.querySelector("[data-busy]")) return;
  const [, html] = await ask("./", ANSWER_MS);
  if (document.querySelector("[data-busy]")) return;
  const asked = form()?.elements.question.value, key = draftKey();
  renew(html);
  if (asked === form()?.elements.question.value) return;
  if (form()) forget(key);  // it was answered, or its time is over; who stopped is asked it again
  focusOn();
}

async function follow() {
  for (let tries = 0; !over;) {
    await onItsWay;
    try {
      if (tries || unsent) await takeInNews("", ANSWER_MS);  // answered at once
      else await takeInNews(page().dataset.state, NEWS_MS);
      tries = 0;
      found();
    } catch {
      tries += 1;
      if (tries > 1) lost();
      await new Promise(done => { setTimeout(done, Math.min(tries * SOON_MS, LATER_MS)); });
    }
  }
}

document.addEventListener("submit", send);
document.addEventListener("input", () => { showWhatCounts(); if (form()) keepDraft(); });
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea"))
    event.target.form.requestSubmit();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { shownMs += performance.now() - since; focusLost += 1; } else since = performance.now();
});
addEventListener("pagehide", keepTimes);
setInterval(tick, 1000);
over = ENDS.includes(page().dataset.state);
arrived(true);
follow();
