// Assertions that wait: the page gets there, or the test fails with what was there instead.
import assert from 'node:assert/strict';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 50;
/** Of what was there instead. */
const MOST_SHOWN = 2_000;

/** Reads until `isRight` accepts, then returns what was read. */
export async function eventually(what, read, isRight, patience = PATIENCE_MS) {
  const until = performance.now() + patience;
  for (;;) {
    const value = await read();
    if (isRight(value)) return value;
    if (performance.now() > until) assert.fail(`${what}; last seen: ${String(JSON.stringify(value)).slice(0, MOST_SHOWN)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export function expect(locator) {
  const value = (wanted) => eventually(`${locator} has ${wanted ? 'the' : 'another'} value`, () => locator.inputValue(), wanted);
  return {
    toHaveValue: (text) => value((seen) => seen === text),
    toContainText: (text) => eventually(`${locator} contains ${text}`, () => locator.innerText(), (seen) => seen.includes(text)),
    toBeHidden: () => locator.waitFor({ state: 'hidden' }),
    not: { toHaveValue: (text) => value((seen) => seen !== text) },
  };
}
