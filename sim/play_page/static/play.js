// What makes the page comfortable; without it, forms and a link do the same.
const page = () => document.getElementById("page");
const form = () => document.getElementById("form");
const MOST_TRIES = 4;
const ENDS = ["finished", "stopped", "failed"];
const HURRY_S = 600;  // so long before its end, the time that is left is shown
const SOON_S = 5;  // a wait is counted from then on: a model may take minutes
const ABOVE_PX = 48;  // of what was said before stays in sight

let shownMs = 0, since = performance.now(), focusLost = 0, over = false;

document.documentElement.classList.add("scripted");

// -- drafts: what was typed and not sent survives a reload -------------------------------------

const draftKey = () => `retailsim-draft-${form()?.elements.question.value}`;
const own = element => element.name?.startsWith("f.");

function kept(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(key);
    if (value === null) localStorage.removeItem(key); else localStorage.setItem(key, value);
  } catch { /* a browser that keeps nothing */ }
  return null;
}

function keepDraft() {
  const values = [...new FormData(form())].filter(([name]) => name.startsWith("f."));
  kept(draftKey(), JSON.stringify({values, shownMs: shownFor(), focusLost}));
}

function fillInDraft() {
  const text = kept(draftKey());
  if (!text) return;
  let draft;
  try { draft = JSON.parse(text); } catch { return; }
  shownMs = draft.shownMs; focusLost = draft.focusLost; since = performance.now();
  if (form().querySelector("[aria-invalid]")) return;
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

let waitsSince = 0;

function tellWait() {
  const waits = document.getElementById("waits");
  if (!waits) { waitsSince = 0; return; }
  waitsSince ||= performance.now();
  const seconds = Math.floor((performance.now() - waitsSince) / 1000);
  waits.textContent = seconds < SOON_S ? "" : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
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
  if (!fresh) return location.reload();
  const before = form()?.elements.question.value;
  const chats = [document.getElementById("chat"), fresh.querySelector("#chat")];
  if (chats[0] && chats[1]) {
    renewChat(...chats);
    chats[1].replaceWith(chats[0]);  // the same element, so that what is new is read out
  }
  document.getElementById("strip").replaceChildren(...next.getElementById("strip").childNodes);
  page().replaceWith(fresh);
  document.title = next.title;
  over = ENDS.includes(fresh.dataset.state);
  arrived(before !== form()?.elements.question.value);
}

function arrived(anew) {
  setClock(); tick();
  if (anew) { shownMs = 0; since = performance.now(); focusLost = 0; }
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

async function ask(address, options) {
  const answer = await fetch(address, options);
  return [answer.status, await answer.text()];
}

let onItsWay = Promise.resolve();  // until what was sent is answered, nothing else is asked

function send(event) {
  event.preventDefault();
  const sent = event.target;
  if (sent.dataset.busy) return;
  sent.dataset.busy = "yes";
  onItsWay = Promise.all([onItsWay, delivered(sent, event.submitter)]);
}

async function delivered(sent, by) {
  const key = draftKey();
  if (sent === form()) {
    sent.elements.shown_ms.value = shownFor();
    sent.elements.focus_lost.value = focusLost;
  }
  const data = new FormData(sent);
  if (by?.name) data.append(by.name, by.value);
  const buttons = [...sent.querySelectorAll("button")];
  buttons.forEach(one => { one.disabled = true; });
  try {
    const [status, html] = await ask(sent.action, {method: "POST", body: new URLSearchParams(data)});
    if (status < 400) kept(key, null);
    renew(html);
    focusOn();
  } catch { lost(); }
  delete sent.dataset.busy;
  buttons.forEach(one => { one.disabled = false; });
}

function lost() {
  if (!over) document.getElementById("lost").hidden = false;
}

async function follow() {
  for (let tries = 0; !over && tries < MOST_TRIES;) {
    await onItsWay;
    try {
      const known = page().dataset.state;
      const [, text] = await ask(`./state?known=${encodeURIComponent(known)}`);
      const state = JSON.parse(text).state;
      if (state !== page().dataset.state && !document.querySelector("[data-busy]")) {
        const [, html] = await ask("./");
        if (!document.querySelector("[data-busy]")) {
          const asked = form()?.elements.question.value;
          renew(html);
          if (asked !== form()?.elements.question.value) focusOn();
        }
      }
      tries = 0;
      document.getElementById("lost").hidden = true;
    } catch {
      tries += 1;
      if (tries === 2) lost();
      await new Promise(done => { setTimeout(done, 1000); });
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
setInterval(tick, 1000);
over = ENDS.includes(page().dataset.state);
arrived(false);
follow();
