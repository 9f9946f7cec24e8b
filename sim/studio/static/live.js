// Follows a run that is going on: its counters once a second, its chapters when there are new ones.

const line = document.querySelector(".standing[data-state]");
const chapters = document.getElementById("chapters");
const said = document.getElementById("said");
const LOOK_MS = 1000;
const left = new Map(); // id -> a chapter that is new, while somebody is in the old one
let stream = null;
let looking = 0;
let over = false;
let lost = false;

function say(text, seen = false) {
  said.textContent = text;
  said.classList.toggle("unseen", !seen);
}

function counters(now) {
  if (line.dataset.state !== now.state) say(`The run is ${now.state}.`);
  line.dataset.state = now.state;
  const bar = line.querySelector("progress");
  bar.max = now.planned || 1;
  bar.value = now.done;
  for (const [field, text] of Object.entries(now.texts)) {
    const place = line.querySelector(`[data-field="${field}"]`);
    if (place.textContent !== text) place.textContent = text;
  }
}

// A chapter that somebody is in, or has marked some of, stays as it is until they have left it.
function inUse(chapter) {
  const marked = document.getSelection();
  const some = marked && !marked.isCollapsed && marked.containsNode(chapter, true);
  return chapter.contains(document.activeElement) || some;
}

function keepOpen(old, fresh) {
  const wasOpen = new Set(
    [...old.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  for (const summary of fresh.querySelectorAll("details > summary"))
    summary.parentElement.open = wasOpen.has(summary.textContent);
}

function renew(old, fresh) {
  left.delete(fresh.id);
  keepOpen(old, fresh);
  if (old.outerHTML !== fresh.outerHTML) old.replaceWith(fresh);
}

function renewLeft() {
  for (const [id, fresh] of left) {
    const old = document.getElementById(id);
    if (!inUse(old)) renew(old, fresh);
  }
  clearTimeout(looking);
  if (left.size) looking = setTimeout(renewLeft, LOOK_MS);
}

function sections(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  let before = null;
  for (const chapter of [...fresh.children]) {
    const old = document.getElementById(chapter.id);
    if (old === null) {
      if (before === null) chapters.prepend(chapter);
      else before.after(chapter);
      before = chapter;
    } else {
      if (inUse(old)) left.set(chapter.id, chapter);
      else renew(old, chapter);
      before = document.getElementById(chapter.id);
    }
  }
  renewLeft();
}

function close() {
  stream?.close();
  stream = null;
}

function open() {
  if (stream !== null || over || document.hidden) return;
  stream = new EventSource(chapters.dataset.live);
  stream.addEventListener("counters", (event) => counters(JSON.parse(event.data)));
  stream.addEventListener("sections", (event) => {
    sections(event.data);
    const address = new URLSearchParams(chapters.dataset.live.split("?")[1]);
    address.set("since", event.lastEventId);
    chapters.dataset.live = `live?${address}`;
  });
  stream.addEventListener("end", (event) => {
    const end = JSON.parse(event.data);
    over = true;
    close();
    say(`The run is ${end.state}. ${end.said}`, end.said !== "");
  });
  stream.addEventListener("open", () => {
    if (lost) say("This page follows the run again.");
    lost = false;
  });
  stream.addEventListener("error", () => {
    lost = true;
    if (stream?.readyState === EventSource.CLOSED) {
      close();
      say("This page no longer follows the run: the server has ended, or too many pages follow runs. Load it again to go on.", true);
    } else {
      say("The connection is lost; this page tries again.", true);
    }
  });
}

// Where the log was found damaged after the page had begun, there is nothing to follow.
if (chapters) {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}
