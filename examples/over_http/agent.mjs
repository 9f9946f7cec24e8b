// A seller and a buyer in sales conversations over HTTP, in JavaScript without packages.
//
//     node examples/over_http/agent.mjs 8000
//     python -m sim launch csales --sellers http://127.0.0.1:8000/ --buyers http://127.0.0.1:8000/
//
// Each request says what is asked and holds all that the seat may know. The form of requests and
// answers is in docs/wire-csales.schema.json.

import { createServer } from "node:http";

const dollars = (cents) => `$${(cents / 100).toFixed(2)}`;
const said = (asked, role) => asked.transcript.filter((turn) => turn.role === role);

const answers = {
  // The seller shows what is near to the buyer's words, and then says that others like it.
  PlanTurn(asked) {
    const inferred = {
      preference: said(asked, "buyer").map((turn) => turn.text).join(" "),
      price_cents: asked.price_range_cents,
    };
    if (asked.selected) return { inferred, action: "Persuasion", tactic: "Social Proof" };
    return { inferred, action: "Suggestion" };
  },

  SpeakTurn(asked) {
    if (asked.selected) return { text: `Others chose ${asked.selected.title}, too.` };
    const seen = new Set(asked.shown.map((item) => item.id));
    const fresh = asked.items.filter((item) => !seen.has(item.id)).slice(0, 3);
    const titles = fresh.map((item) => item.title).join(", ") || "nothing more";
    return { text: `I have ${titles}.`, items: fresh.map((item) => item.id) };
  },

  // The buyer takes the cheapest item that it was shown, if that is within its budget.
  OpenConversation(asked) {
    return `Hello. ${asked.profile.target_needs}`;
  },

  RespondToSeller(asked) {
    if (asked.selected && asked.may_buy) {
      return { text: "I take it.", buy: asked.selected.id };
    }
    const [, most] = asked.profile.budget_cents;
    const fits = asked.shown.filter((item) => item.price_cents <= most);
    if (!asked.selected && fits.length > 0) {
      const item = fits.reduce((one, other) => (other.price_cents < one.price_cents ? other : one));
      return { text: `The one for ${dollars(item.price_cents)} looks right.`, select: item.id };
    }
    if (asked.last) return { text: "Not today.", leave: "leave", reason: "Nothing fits." };
    return { text: "What else do you have?" };
  },
};

function respond(text) {
  const { request, asked } = JSON.parse(text);
  if (!Object.hasOwn(answers, request)) return [422, { error: `nobody here answers ${request}` }];
  return [200, { answer: answers[request](asked) }];
}

const server = createServer((incoming, outgoing) => {
  const parts = [];
  incoming.on("data", (part) => parts.push(part));
  incoming.on("end", () => {
    const [status, body] = respond(Buffer.concat(parts).toString("utf8"));
    outgoing.writeHead(status, { "Content-Type": "application/json" });
    outgoing.end(JSON.stringify(body));
  });
});

server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
