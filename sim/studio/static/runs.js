// Renews the rows of the list while a run is played. Rows keep their links, so that the focus stays.

const EVERY_MS = 3000;

function rows(page) {
  return new Map([...page.querySelectorAll("tr[data-key]")].map((row) => [row.dataset.key, row]));
}

function renew(page) {
  const now = rows(page);
  for (const [key, row] of rows(document)) {
    const other = now.get(key);
    if (!other) continue;
    row.dataset.state = other.dataset.state;
    const cells = other.querySelectorAll("td");
    row.querySelectorAll("td").forEach((cell, place) => {
      if (cells[place] && !cell.contains(document.activeElement)) cell.replaceWith(cells[place].cloneNode(true));
    });
  }
}

async function again() {
  if (!document.hidden) {
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
  if (document.querySelector('tr[data-state="running"]')) setTimeout(again, EVERY_MS);
}

setTimeout(again, EVERY_MS);
