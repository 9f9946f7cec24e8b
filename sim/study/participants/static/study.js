// Goes on by itself once a server that was gone is there again.
const EVERY_MS = 3000;
const lost = () => document.getElementById("lost");
const waits = () => document.getElementById("page")?.dataset.state === "paused";

setInterval(async () => {
  if (!lost() || (lost().hidden && !waits())) return;
  try {
    const answer = await fetch("./state?known=");
    if (answer.ok && (await answer.json()).state !== "paused") location.reload();
  } catch { /* not there yet */ }
}, EVERY_MS);
