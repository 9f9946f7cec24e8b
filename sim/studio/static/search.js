// Stop, while the page is still coming; what was found stays.
const stop = document.getElementById("stop");
if (document.readyState === "loading") {
  stop.hidden = false;
  stop.addEventListener("click", () => {
    window.stop();
    stop.hidden = true;
  });
  addEventListener("DOMContentLoaded", () => (stop.hidden = true));
}
