// A corpus of answers that want to break out of the page: every payload of `xss/` in the places where an answer can carry it.
//
// Composed here, from a grammar of our own: statements and addresses x payloads x contexts. The same seed gives the same
// corpus in the same order. One more payload is a line in `xss/html.mjs` or `xss/markdown.mjs`; one more place, a line in CONTEXTS.
import { shuffled } from './seeded.mjs';
import { ACTIONS, ADDRESSES, HOST } from './xss/actions.mjs';
import { HTML } from './xss/html.mjs';
import { MARKDOWN } from './xss/markdown.mjs';

export { HOST };

/** How many there are. */
export const SIZE = 2_000;

/** Where a payload stands in an answer. */
const CONTEXTS = [
  (it) => it,
  (it) => `Here it is: ${it} and that is all.`,
  (it) => `Text before.\n\n${it}\n\nText after.`,
  (it) => `- one\n- ${it}\n- three`,
  (it) => `1. one\n   - ${it}`,
  (it) => `> ${it.replaceAll('\n', '\n> ')}`,
  (it) => `| a | b |\n|---|---|\n| ${it.replaceAll('\n', ' ')} | c |`,
  (it) => `## ${it.replaceAll('\n', ' ')}`,
  (it) => `**${it}** and _${it}_`,
  (it) => `[${it}](https://example.com)`,
  (it) => `![${it}](https://${HOST}/alt)`,
  (it) => `<div>\n\n${it}\n\n</div>`,
  (it) => `\`\`\`\n${it}\n\`\`\`\n\n${it}`,
  (it) => `\`\`\`js\n${it}`,
  (it) => `x\`y\`${it}\`z\``,
  (it) => `Line\\\n${it}  \nLine`,
  (it) => `~~${it}~~\n\n---\n\n- [ ] ${it}`,
  (it) => `{"answer": ${JSON.stringify(it)}}`,
  (it) => `</p></div></section>${it}`,
  (it) => `<!-- ${it} -->${it}`,
];

/** All payloads as {id, family, text}. Each grows once as it is, and then in as many contexts as it takes. */
export function corpus(seed) {
  const sources = [...HTML, ...MARKDOWN];
  const places = sources.flatMap((source, at) => CONTEXTS.slice(1).map((context, nr) => ({ source, at, context, nr: nr + 1 })));
  const plain = sources.map((source, at) => ({ source, at, context: CONTEXTS[0], nr: 0 }));
  const payloads = [];
  const seen = new Set();
  for (const { source: [family, make], at, context, nr } of [...plain, ...shuffled(places, 1)]) {
    if (payloads.length === SIZE) break;
    // The number depends on the place alone, not on the seed: a finding keeps its name.
    const id = 10_000 + at * CONTEXTS.length + nr;
    const act = ACTIONS[(at + 7 * nr) % ACTIONS.length](id);
    const url = ADDRESSES[(at + 3 * nr) % ADDRESSES.length](id);
    const text = context(make(act, url, id));
    if (seen.has(text)) continue;
    seen.add(text);
    payloads.push({ id, family, text });
  }
  return shuffled(payloads, seed);
}

/** `count` of them that hold every family: one of each in turn. */
export function sample(seed, count) {
  const families = new Map();
  for (const payload of corpus(seed)) families.set(payload.family, [...(families.get(payload.family) ?? []), payload]);
  const chosen = [];
  for (let turn = 0; chosen.length < count; turn += 1) {
    const before = chosen.length;
    for (const list of families.values()) if (list[turn] && chosen.length < count) chosen.push(list[turn]);
    if (chosen.length === before) break;
  }
  return chosen;
}
