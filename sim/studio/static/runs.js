// Renews the rows of the list while a run is played. Rows keep their links, so that the focus stays.

const EVERY_MS = 3000;
let left = false; // whether a cell is not as it should be, since somebody is in it

function rows(page) {
  return new Map([...page.querySelectorAll("tr[data-key]")].map((row) => [row.dataset.key, row]));
}

function renew(page) {
  const now = rows(page);
  left = false;
  for (const [key, row] of rows(document)) {
    const other = now.get(key);
    if (!other) continue;
    row.dataset.state = other.dataset.state;
    const cells = other.querySelectorAll("td");
    row.querySelectorAll("td").forEach((cell, place) => {
      if (!cells[place]) return;
      if (!cell.contains(document.activeElement)) cell.replaceWith(cells[place].cloneNode(true));
      else if (cell.outerHTML !== cells[place].outerHTML) left = true;
    });
  }
}

async function again() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href);
      if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* it does not answer, or broke off: the next time */ }
  }
  if (left || document.querySelector('tr[data-state="running"]')) setTimeout(again, EVERY_MS);
}

setTimeout(again, EVERY_MS);
