// Comparing answers: against a base column, only where rows differ, and by votes with the names hidden.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { look } from '../lib/look.mjs';
import { TEAM, ask, press } from '../lib/steps.mjs';
import { named, saying } from '../lib/upstream.mjs';
import { HOME, arrange, cell, ended, log, openRun, start } from '../lib/workbench.mjs';

const NAMES = ['left', 'right', 'third'];
const MODELS = NAMES.map((name) => ({ name, upstream: named(name, { echo: true }) }));

/** A run whose cells say these texts: one list of texts for each model, one text for each case. */
async function saidBy(page, texts) {
  const models = texts.map((_, at) => ({ model: NAMES[at], prompt: { turns: [{ text: `{{say_${at}}}` }] } }));
  const cases = texts[0].map((_, row) => ({ values: texts.map((column, at) => [`say_${at}`, saying(column[row])]) }));
  const run = await start(page, { models, user: 'unused', cases });
  await ended(page, run);
  return run;
}

const compareWith = (page, name) => page.getByLabel('Base column').selectOption({ label: name ? `Compare with ${name}` : 'Compare with nothing' });

/** What a cell shows as added and removed, without the signs. */
async function changes(page, model, row) {
  const of = (tag) => log(page, model, row).locator(tag).evaluateAll((all) => all.map((it) => it.innerText.replace(/^[+−]\s?/, '').trim()));
  return { added: await of('ins'), removed: await of('del') };
}

export const tests = [
  ['the team has models that say what they hear', (world) => arrange(world, MODELS)],

  ['pg_10 words, lines and JSON are compared with a base column, and the address says so', async (world) => {
    const page = await world.browser.open(HOME);
    const prose = ['The quick fox jumps over it', 'The slow fox sleeps over it'];
    const code = ['fn a() {\n  1\n}\n', 'fn a() {\n  2\n}\n'];
    const json = ['{"b": 1, "a": [1, 2]}', '{"a": [1, 3], "b": 1}'];
    const same = ['Exactly this.', 'Exactly this.'];
    const rows = [prose, code, json, same];
    const run = await saidBy(page, [rows.map((it) => it[0]), rows.map((it) => it[1])]);
    await openRun(world, run, '', page);
    await compareWith(page, 'left');
    await eventually('the words differ', () => changes(page, 'right', 1), (it) => it.added.length > 0);
    assert.deepEqual(await changes(page, 'right', 1), { added: ['slow', 'sleeps'], removed: ['quick', 'jumps'] });
    await expect(log(page, 'right', 4)).toContainText('The same as left.');
    assert.equal((await changes(page, 'left', 1)).added.length, 0, 'the base is itself');
    assert.equal(new URL(page.url()).searchParams.get('base'), '0');

    const mode = (name) => page.getByRole('group', { name: 'Differences in' }).getByRole('button', { name, exact: true }).click();
    await mode('Lines');
    await eventually('whole lines', () => changes(page, 'right', 2), (it) => it.added.join() === '2');
    assert.equal(new URL(page.url()).searchParams.get('diff'), 'lines');
    await mode('JSON');
    await eventually('only the value', () => changes(page, 'right', 3), (it) => it.added.some((text) => text.includes('3')) && !it.added.some((text) => text.includes('"b"')));

    await press(page, 'Only rows that differ');
    await eventually('the same row is gone', () => page.getByRole('log').count(), (count) => count === 6);
    await page.reload();
    await eventually('and stays gone', () => page.getByRole('log').count(), (count) => count === 6);
    await compareWith(page, null);
    await eventually('all rows are back', () => page.getByRole('log').count(), (count) => count === 8);
  }],

  ['pg_10 a diff of answers full of HTML is text', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await saidBy(page, [['<b onclick=x>one</b> <img src=x>'], ['<b onclick=x>two</b> <script>1</script>']]);
    await openRun(world, run, '?base=0', page);
    await eventually('it is compared', () => changes(page, 'right'), (it) => it.added.length > 0);
    assert.equal(await log(page, 'right').locator('b, img, script').count(), 0);
    await expect(log(page, 'right')).toContainText('<script>1</script>');
  }],

  ['pg_11 names are hidden until the votes are cast, and a vote counts for the right column', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await saidBy(page, [['good one', 'fine one'], ['bad one', 'worse one']]);
    await openRun(world, run, '', page);
    await press(page, 'Blind vote');
    const main = page.locator('main');
    const answers = page.getByRole('region', { name: 'Answers side by side' });
    await answers.getByText('Answer A').first().waitFor();
    assert.ok(!/\b(left|right)\b/.test(await page.getByRole('region', { name: 'Answers', exact: true }).innerText()), 'no model is named');
    assert.equal(await answers.getByRole('link', { name: 'Receipt' }).count(), 0);
    assert.equal(await answers.getByRole('button', { name: /^Exact request/ }).count(), 0);
    for (const [row, wanted] of [[1, 'good one'], [2, 'fine one']]) {
      const good = answers.getByRole('region').filter({ hasText: wanted }).first();
      const letter = (await good.getByRole('heading').innerText()).match(/^Answer [AB]/)[0];
      await page.getByRole('group', { name: `Vote on case ${row}` }).getByRole('button', { name: `${letter} is better` }).click();
    }
    await answers.getByText('left', { exact: true }).first().waitFor();
    const pairs = page.getByRole('table', { name: 'Votes on pairs' });
    const [row] = await ask(page, 'feedback/pairs', { team: TEAM.slug, run });
    const leftIsFirst = row.left === 'left';
    assert.deepEqual([row.wins, row.losses, row.ties, row.both_bad], leftIsFirst ? [2, 0, 0, 0] : [0, 2, 0, 0]);
    await expect(pairs).toContainText(leftIsFirst ? '100.0 %' : '0.0 %');
    const { pairs: blind } = await ask(page, 'feedback/report', { query: { team: TEAM.slug } });
    assert.deepEqual(blind.map((it) => [it.left, it.right, it.wins + it.losses]), [['left', 'right', 2]], 'blind votes count for the models');
    await look(world, page, 'votes');

    // A second word of the same person replaces the first, and ties and both bad count apart.
    await page.getByRole('group', { name: 'Vote on case 1' }).getByRole('button', { name: 'Tie', exact: true }).click();
    await page.getByRole('group', { name: 'Vote on case 2' }).getByRole('button', { name: 'Both bad', exact: true }).click();
    await eventually('the votes changed', () => ask(page, 'feedback/pairs', { team: TEAM.slug, run }), ([it]) => it.ties === 1 && it.both_bad === 1 && it.wins + it.losses === 0);
    await expect(main).toContainText('Votes on pairs');
    const after = await ask(page, 'feedback/report', { query: { team: TEAM.slug } });
    assert.deepEqual(after.pairs, [], 'votes of somebody who sees the names are not blind');
  }],

  ['pg_15 on a narrow screen the figures of all columns stand in one table', async (world) => {
    const page = await world.browser.open(HOME);
    await page.setViewportSize({ width: 390, height: 844 });
    const run = await saidBy(page, [['one two three'], ['one'], ['one two']]);
    await openRun(world, run, '', page);
    const table = page.getByRole('table', { name: 'Figures of all columns' });
    for (const name of NAMES) {
      const row = table.getByRole('row', { name: new RegExp(`^${name}`) });
      await expect(row).toContainText('$');
      const tokens = (await row.getByRole('cell').last().innerText()).trim();
      assert.match(tokens, /^\d+$/, name);
      await cell(page, name).waitFor();
    }
  }],
];
