// Where the pages are opened from a folder, browsers let no worker be made of a file. The search
// runs in one, so there a frame that nobody sees stands in for it. It reads its texts from
// search/search_index.js (docs/site_pages.py), which is there for the same reason.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      this.ready = new Promise((loaded) => {
        frame.onload = () => {  // some browsers put another empty page there until then
          frame.onload = null;
          const inside = frame.contentWindow;
          inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
          const script = inside.document.createElement("script");
          script.src = address;
          script.onload = () => loaded(inside);
          inside.document.body.append(script);
        };
        if (document.body) document.body.append(frame);
        else addEventListener("DOMContentLoaded", () => document.body.append(frame));
      });
    }

    postMessage(data) {
      this.ready.then((inside) => inside.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
