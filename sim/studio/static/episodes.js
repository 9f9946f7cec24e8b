// The list of episodes with only the rows in sight in the page; without this, it is a page of rows.
// Rows come from the server as they stand in the page, a hundred at a time; nothing is written here.

const PAGE = 100; // rows of an answer
const BLOCK = 250_000; // rows at once: browsers clamp what is higher than 17.9 M px (Firefox)
const EXTRA = 8; // rows beyond either edge
const MOST = 60; // rows in the page
const KEPT = 40; // answers that are remembered
const AGAIN_MS = 3000; // until what was not answered is asked again
const byId = (id) => document.getElementById(id);

const [form, scroller, body, count, keys] = ["filter", "rows", "body", "count", "keys"].map(byId);
const table = body.parentElement;
const head = byId("heads");
const search = form.elements.text;

let query = asked(); // what is set, without which rows
let total = Number(count.dataset.total);
let block = 0; // which of the parts that fit into an element
let current = -1; // the row that the keyboard is on
let focusing = false; // whether it gets the focus once it is there
let pages = new Map(); // number -> rows, as elements
let loading = new Map(); // number -> what ends its request
let waiting = new Map(); // number of a row that is not there yet -> what stands for it
let later = 0, settled = 0, typing = 0, again = 0, filtering = null;
let silent = false; // whether it stands there that something was not answered

function asked() {
  const found = new URLSearchParams(location.search);
  for (const name of ["offset", "limit"]) found.delete(name);
  return found;
}

function address(offset, more = {}) {
  const to = new URLSearchParams(query);
  if (offset > 0) to.set("offset", offset);
  for (const [name, value] of Object.entries(more)) to.set(name, value);
  return to.size ? `?${to}` : "";
}

const rowHeight = () => parseFloat(getComputedStyle(scroller).getPropertyValue("--row"));
const inBlock = () => Math.min(BLOCK, total - block * BLOCK);
const firstSeen = () =>
  Math.max(0, Math.min(total - 1, block * BLOCK + Math.floor(scroller.scrollTop / rowHeight())));
const room = () => scroller.clientHeight - head.getBoundingClientRect().height;
const indexOf = (row) => Number(row.ariaRowIndex ?? row.getAttribute("aria-rowindex")) - 2;

function draw() {
  const height = rowHeight(), most = inBlock();
  const seen = Math.ceil(room() / height) + 1;
  const extra = Math.max(0, Math.min(EXTRA, Math.floor((MOST - seen) / 2)));
  const from = Math.max(0, Math.min(Math.floor(scroller.scrollTop / height), most - seen) - extra);
  const to = Math.min(most, from + Math.min(MOST, seen + 2 * extra));
  const first = block * BLOCK + from, last = block * BLOCK + to;
  for (const row of [...body.rows]) {
    const at = indexOf(row);
    if (at >= first && at < last && row === rowAt(at)) continue;
    if (row.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    row.remove();
  }
  let next = body.firstElementChild;
  for (let at = first; at < last; at++) {
    const row = rowAt(at);
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  table.style.marginTop = `${from * height}px`;
  table.style.marginBottom = `${(most - to) * height}px`;
  want(Math.floor(first / PAGE), Math.floor((last - 1) / PAGE));
  focusCurrent();
}

function rowAt(at) {
  const there = pages.get(Math.floor(at / PAGE))?.[at % PAGE];
  if (there) return there;
  if (!waiting.has(at)) {
    const row = document.createElement("tr"), cell = row.insertCell();
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", at + 2);
    cell.setAttribute("role", "cell");
    cell.className = "name";
    cell.colSpan = head.rows[0]?.cells.length ?? 1;
    cell.textContent = "…";
    waiting.set(at, row);
  }
  return waiting.get(at);
}

function want(first, last) {
  clearTimeout(later);
  for (const [page, ending] of loading) if (page < first || page > last) ending.abort();
  later = setTimeout(() => {
    for (let page = first; page <= last; page++)
      if (!pages.has(page) && !loading.has(page)) load(page);
  }, 40);
}

async function load(page) {
  const ending = new AbortController();
  loading.set(page, ending);
  try {
    keep(page, await fetched(page * PAGE, ending.signal));
    draw();
  } catch (error) {
    failed(error, draw);
  } finally {
    if (loading.get(page) === ending) loading.delete(page);
  }
}

async function fetched(offset, signal) {
  let answer, html;
  try {
    answer = await fetch(`episodes/rows${address(offset)}`, { signal });
    html = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The studio does not answer. Is it still running?");
  }
  const found = new DOMParser().parseFromString(html, "text/html");
  if (answer.ok) return found;
  const said = found.querySelector("main p")?.textContent ?? answer.statusText;
  throw Object.assign(new Error(said), { refused: answer.status < 500 });
}

function keep(page, found) {
  const now = Number(found.getElementById("count").dataset.total);
  if (now !== total) pages.clear(); // the log was read again, and rows may stand elsewhere
  if (now !== total || silent) told(found);
  const rows = [...found.getElementById("body").rows].map((row) => document.adoptNode(row));
  pages.delete(page);
  pages.set(page, rows);
  waiting.clear();
  if (pages.size > KEPT) pages.delete(pages.keys().next().value);
}

function told(found) {
  const sorted = [...head.querySelectorAll("a")].indexOf(document.activeElement);
  silent = false;
  total = Number(found.getElementById("count").dataset.total);
  table.setAttribute("aria-rowcount", total + 1);
  for (const id of ["count", "chips", "heads", "others", "none", "log"]) {
    const now = found.getElementById(id);
    byId(id).replaceChildren(...now.childNodes);
    byId(id).hidden = now.hidden;
  }
  head.querySelectorAll("a")[sorted]?.focus({ preventScroll: true });
  const look = document.querySelector("#read a"), now = found.querySelector("#read a");
  if (look && now) look.setAttribute("href", now.getAttribute("href"));
  blocks();
}

function failed(error, ask) {
  if (error.name === "AbortError") return;
  count.textContent = error.message;
  silent = true;
  clearTimeout(again);
  if (!error.refused) again = setTimeout(ask, AGAIN_MS);
}

// What the form says is asked for at once; an answer that is not wanted any more is not waited for.
async function filter() {
  clearTimeout(typing);
  clearTimeout(again);
  focusing = false;
  filtering?.abort();
  filtering = new AbortController();
  const { signal } = filtering;
  query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", `episodes${address(0)}`);
  scroller.ariaBusy = "true";
  for (const ending of loading.values()) ending.abort();
  clearTimeout(later);
  try {
    const found = await fetched(0, signal);
    pages.clear();
    block = 0;
    current = -1;
    told(found);
    keep(0, found);
    scroller.scrollTop = 0;
    draw();
    scroller.ariaBusy = "false";
  } catch (error) {
    failed(error, filter);
  }
}

// With what is being typed: the link knows only what was there when it came.
function sort(event) {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  form.elements.sort.value = new URL(link.href).searchParams.get("sort");
  filter();
}

function blocks() {
  const nav = byId("others");
  nav.querySelectorAll(":scope > :not(.plain)").forEach((one) => one.remove());
  if (total <= BLOCK) return;
  for (let from = 0; from < total; from += BLOCK) {
    const link = document.createElement("a"), to = Math.min(from + BLOCK, total);
    link.href = `episodes${address(from)}`;
    link.textContent = `${(from + 1).toLocaleString("en")} to ${to.toLocaleString("en")}`;
    if (from === block * BLOCK) link.ariaCurrent = "true";
    nav.insertBefore(link, nav.lastElementChild);
  }
}

// The address follows what is in sight, so that it opens the same elsewhere, and on coming back.
function settle() {
  const at = firstSeen();
  history.replaceState(null, "", `episodes${address(at)}`);
  byId("others").querySelector(".plain").href = `episodes${address(at, { limit: 1000 })}`;
}

function go(to) {
  if (!total) return;
  current = Math.max(0, Math.min(total - 1, to));
  if (Math.floor(current / BLOCK) !== block) {
    block = Math.floor(current / BLOCK);
    blocks();
    draw();
  }
  const height = rowHeight(), top = (current % BLOCK) * height;
  const lowest = top + height - Math.floor(room());
  if (scroller.scrollTop > top) scroller.scrollTop = top;
  else if (scroller.scrollTop < lowest) scroller.scrollTop = lowest;
  focusing = true;
  draw();
}

function focusCurrent() {
  const link = focusing && pages.get(Math.floor(current / PAGE))?.[current % PAGE]?.querySelector("a");
  if (!link?.isConnected) return;
  focusing = false;
  link.focus({ preventScroll: true });
}

const step = () => Math.max(1, Math.floor(room() / rowHeight()) - 1);
const from = () => (current < 0 ? firstSeen() : current);
const MOVES = {
  j: () => (current < 0 ? firstSeen() : current + 1),
  k: () => from() - 1,
  PageDown: () => from() + step(),
  PageUp: () => from() - step(),
  Home: () => 0,
  End: () => total - 1,
};
const ALSO = { ArrowDown: "j", ArrowUp: "k" };

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  const inForm = event.target.closest("input, select, button, summary");
  if (event.key === "Escape" && event.target === search) go(from());
  else if (inForm) return;
  else if (event.key === "/") search.select();
  else if (event.key === "?") keys.showModal();
  else if (event.key === "Enter" && current >= 0 && !event.target.closest("a"))
    rowAt(current).querySelector("a")?.click();
  else if (MOVES[ALSO[event.key] ?? event.key]) go(MOVES[ALSO[event.key] ?? event.key]());
  else return;
  event.preventDefault();
}

// A list stays as it was read; that there is more is only said.
async function ask() {
  const link = document.querySelector("#read a");
  if (!link) return;
  if (!document.hidden) {
    try {
      const answer = await fetch("episodes/newer.json");
      const said = answer.ok ? (await answer.json()).newer : "";
      if (said) link.textContent = said;
    } catch { /* it does not answer: that is said where rows are wanted */ }
  }
  setTimeout(ask, 5000);
}

// What was typed or chosen while this script was on its way; nobody was listening.
function touched(one) {
  if (!one.options) return "defaultValue" in one && one.value !== one.defaultValue;
  const first = [...one.options].findIndex((option) => option.defaultSelected);
  return one.selectedIndex !== Math.max(0, first);
}

// The row that was gone down to, of those that came with the page, while this script was on its way.
function reached() {
  const rows = [...body.rows], focused = rows.findIndex((row) => row.contains(document.activeElement));
  if (focused >= 0) return focused;
  return scrollY ? Math.max(0, rows.findIndex((row) => row.getBoundingClientRect().bottom > 0)) : 0;
}

function start() {
  const down = reached(), focused = body.contains(document.activeElement);
  document.documentElement.classList.add("listing");
  const came = Math.min(Number(body.dataset.offset), Math.max(0, total - 1));
  if (came % PAGE === 0) pages.set(came / PAGE, [...body.rows]);
  const at = came + down;
  block = Math.floor(at / BLOCK);
  blocks();
  draw();
  scroller.scrollTop = (at % BLOCK) * rowHeight();
  if (focused) [current, focusing] = [at, true];
  draw();
  scroller.addEventListener("scroll", () => {
    requestAnimationFrame(draw);
    clearTimeout(settled);
    settled = setTimeout(settle, 200);
  });
  new ResizeObserver(() => requestAnimationFrame(draw)).observe(scroller);
  body.addEventListener("focusin", (event) => (current = indexOf(event.target.closest("tr"))));
  document.addEventListener("focusin", (event) => {
    if (!scroller.contains(event.target)) focusing = false; // who has gone elsewhere is not called back
  });
  document.addEventListener("keydown", pressed);
  form.addEventListener("submit", (event) => (event.preventDefault(), filter()));
  form.addEventListener("change", (event) => event.target !== search && filter());
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 120);
  });
  head.addEventListener("click", sort);
  byId("help").addEventListener("click", () => keys.showModal());
  setTimeout(ask, 5000);
  if ([...form.elements].some(touched)) filter();
}

start();
