// Keys, in addition to links: j and k go from turn to turn, n and p from episode to episode.

const turns = [...document.querySelectorAll(".turn")];
const link = (rel) => document.querySelector(`.place a[rel="${rel}"]`);

function step(by) {
  const here = turns.indexOf(document.querySelector(".turn:target"));
  const next = turns[here < 0 ? (by > 0 ? 0 : turns.length - 1) : here + by];
  if (next) {
    location.replace(`#${next.id}`);
    next.focus({ preventScroll: true });
  }
}

const help = document.getElementById("keys");
const keys = {
  j: () => step(1),
  k: () => step(-1),
  n: () => link("next")?.click(),
  p: () => link("prev")?.click(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || typing || help.open || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

document.querySelector(".hint").hidden = false;
