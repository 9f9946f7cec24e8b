// Keeps what the page says about seats new, and copies links.

const EVERY_MS = 3000;
const lost = document.getElementById("lost");

function inUse(part) {
  const marked = document.getSelection();
  const some = marked && !marked.isCollapsed && marked.containsNode(part, true);
  return part.contains(document.activeElement) || some;
}

// Where somebody is in a part, its rows stay and only what stands in their other cells is new.
function renewCells(part, fresh) {
  const now = new Map([...fresh.querySelectorAll("tr[data-key]")].map((row) => [row.dataset.key, row]));
  for (const row of part.querySelectorAll("tr[data-key]")) {
    const other = now.get(row.dataset.key);
    if (!other) continue;
    row.dataset.state = other.dataset.state;
    row.toggleAttribute("data-away", other.hasAttribute("data-away"));
    const cells = other.querySelectorAll("td");
    row.querySelectorAll("td").forEach((cell, place) => {
      if (cells[place] && !inUse(cell)) cell.replaceWith(cells[place]);
    });
  }
}

function renew(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    if (inUse(part)) {
      renewCells(part, fresh);
    } else {
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      fresh.querySelectorAll("details").forEach((one, place) => { one.open = open[place] ?? false; });
      part.replaceWith(fresh);
    }
  }
}

async function again() {
  if (!document.hidden) {
    let there = false;
    try {
      const answer = await fetch(location.href);
      if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      there = answer.ok;
    } catch { /* it does not answer, or broke off: the next time */ }
    if (lost) lost.hidden = there;
  }
  setTimeout(again, EVERY_MS);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = button.firstChild;
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {  // it may not, or the page came without TLS from another machine
      field.select();
      said.textContent = "Marked, press Ctrl-C";
    }
    setTimeout(() => { said.textContent = "Copy"; }, 2000);
  });
}
if (document.querySelector("[data-live]")) setTimeout(again, EVERY_MS);
