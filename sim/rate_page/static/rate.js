// What makes rating quick; without it, the same buttons and links do the same.
const form = document.getElementById("rating");
const keys = document.getElementById("keys");
const STOPPED_MS = 10000;  // until one may press again: somebody has stopped the page from going on
let visibleMs = 0, since = performance.now(), sent = false;

document.documentElement.classList.add("has-script");

// -- time: as long as the page can be seen -----------------------------------------------------

document.addEventListener("visibilitychange", () => {
  if (document.hidden) visibleMs += performance.now() - since; else since = performance.now();
});
const seenFor = () => Math.round(visibleMs + (document.hidden ? 0 : performance.now() - since));

// -- keys: each button has its own; who speaks to the computer can turn them off ---------------

function kept(value) {
  try {
    if (value !== undefined) localStorage.setItem("retailsim-rate-keys", value);
    return localStorage.getItem("retailsim-rate-keys");
  } catch { return null; }
}

function showKeys() {
  document.documentElement.classList.toggle("keyless", !keys.checked);
}

if (keys) {
  keys.checked = kept() !== "off";
  showKeys();
  keys.addEventListener("change", () => { kept(keys.checked ? "on" : "off"); showKeys(); });
}

document.addEventListener("keydown", event => {
  if (!keys?.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const pressed = event.key.toLowerCase();
  const target = [...document.querySelectorAll("[data-key]")].find(one => one.dataset.key === pressed);
  if (!target || sent) return;
  event.preventDefault();
  target.click();
});

// -- one answer, one post; and none to a server that is gone, or the page would be, too ----------

form?.addEventListener("submit", async event => {
  if (form.dataset.sure) return;
  event.preventDefault();
  if (sent) return;
  sent = true;
  form.elements.visible_ms.value = seenFor();
  try {
    await fetch("../../healthz");
  } catch {
    sent = false;
    document.getElementById("lost").hidden = false;
    return;
  }
  form.dataset.sure = "yes";
  form.requestSubmit(event.submitter);
  delete form.dataset.sure;  // what is pressed until the answer comes is not sent, too
  setTimeout(() => { sent = false; }, STOPPED_MS);
});

window.addEventListener("pageshow", () => { sent = false; });
