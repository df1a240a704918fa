// Verdicts (`product.md` 16): in a cell, on the page of a request, by a key, and the tables made of them.
import assert from 'node:assert/strict';

import { eventually, expect } from '../lib/expect.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { TEAM, ask, press } from '../lib/steps.mjs';
import { named } from '../lib/upstream.mjs';
import { HOME, arrange, cell, ended, finished, newKey, openRun, reload, start } from '../lib/workbench.mjs';

const MODELS = ['good', 'bad', 'quiet'].map((name) => ({ name, upstream: named(name, { words: 20 }) }));

const verdict = (page, model) => cell(page, model).getByRole('group', { name: 'Your verdict' });
const button = (page, model, name) => verdict(page, model).getByRole('button', { name, exact: true });
const isPressed = (locator) => locator.getAttribute('aria-pressed');

/** The row of the report for a model. */
const reported = async (page, model, by = 'model') => {
  const { rows } = await ask(page, 'feedback/report', { query: { team: TEAM.slug, by } });
  return rows.find((row) => row.of === model);
};

export const tests = [
  ['the team has models', (world) => arrange(world, MODELS)],

  ['fb_4 a verdict, stars, a note and tags are given in the cell, kept, changed and taken back', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['good', 'bad'], user: 'Judge me.', task: 'review' });
    await openRun(world, run, '', page);
    await finished(page, ['good', 'bad']);
    await button(page, 'good', 'Accept').click();
    await button(page, 'good', '4 of 5').click();
    await press(verdict(page, 'good'), 'Note');
    await verdict(page, 'good').getByLabel('Comment').fill('Größe is right.');
    await verdict(page, 'good').getByLabel('Tags, parted by commas').fill('terse, correct');
    await press(verdict(page, 'good'), 'Save note');
    await button(page, 'bad', 'Reject').click();
    await eventually('both are counted', async () => [(await reported(page, 'good'))?.n, (await reported(page, 'bad'))?.n], ([one, other]) => one === 1 && other === 1);
    await reload(page);
    assert.equal(await isPressed(button(page, 'good', 'Accept')), 'true');
    assert.equal(await isPressed(button(page, 'good', '4 of 5')), 'true');
    assert.equal(await isPressed(button(page, 'good', '5 of 5')), 'false');
    await press(verdict(page, 'good'), 'Note: written');
    await expect(verdict(page, 'good').getByLabel('Comment')).toHaveValue('Größe is right.');
    await expect(verdict(page, 'good').getByLabel('Tags, parted by commas')).toHaveValue('terse, correct');

    // Another word replaces the first; pressing it again takes it back.
    await button(page, 'bad', 'Accept with edits').click();
    await eventually('it is replaced', () => reported(page, 'bad'), (row) => row?.edited === 1 && row.rejected === 0);
    await press(verdict(page, 'bad'), 'Note');
    const said = await ask(page, 'runs/get', { team: TEAM.slug, run, rows: 1 }).then(({ cells }) => cells.find((it) => it.place.variant === 1).samples[0].text);
    await verdict(page, 'bad').getByLabel(/^What you kept/).fill(said.slice(0, Math.floor(said.length / 2)));
    await press(verdict(page, 'bad'), 'Save note');
    await eventually('the edits are measured', () => verdict(page, 'bad').innerText(), (text) => /\b[1-9]\d?\.\d %\s+changed/.test(text));
    assert.ok((await reported(page, 'bad')).edit_distance > 3_000);
    await button(page, 'bad', 'Accept with edits').click();
    await eventually('it is taken back', () => reported(page, 'bad'), (row) => !row);
    await look(world, page, 'verdicts-in-cells');
  }],

  ['fb_4 the page of a request takes the same verdict', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['quiet'], user: 'From history.' });
    const { request } = (await ended(page, run)).cells[0].samples[0].metrics;
    await world.browser.open(`${HOME}/history/${request}`, page);
    const row = page.getByRole('group', { name: 'Your verdict' });
    await row.getByRole('button', { name: 'Reject', exact: true }).click();
    await eventually('it is counted', () => reported(page, 'quiet'), (it) => it?.rejected === 1);
    await openRun(world, run, '', page);
    assert.equal(await isPressed(button(page, 'quiet', 'Reject')), 'true', 'one person has one word, wherever it is said');
    await world.browser.open(`${HOME}/history?f=verdict:in:rejected`, page);
    await eventually('the filter finds it', () => page.getByRole('row').filter({ hasText: 'quiet' }).count(), (count) => count === 1);
  }],

  ['fb_1 fb_5 a client that kept the request id reports the outcome with a key', async (world) => {
    const page = await world.browser.open(HOME);
    const secret = await newKey(world, page, 'editor', ['inference', 'feedback.write']);
    const bearer = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const call = (body) => fetch(`${world.url}/v1/chat/completions`, { method: 'POST', headers: bearer, body: JSON.stringify(body) });
    const say = async (items) => {
      const answer = await fetch(`${world.url}/api/v1/feedback`, { method: 'POST', headers: bearer, body: JSON.stringify({ feedback: items }) });
      return { status: answer.status, body: await answer.json() };
    };
    const messages = [{ role: 'user', content: 'By an editor.' }];
    const reply = await call({ model: 'good', messages });
    const id = reply.headers.get('x-request-id');
    const text = (await reply.json()).choices[0].message.content;
    const request = id.replace(/^req_(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    await eventually('what was said is stored', () => ask(page, 'history/content', { team: TEAM.slug, request }), (it) => it.lock === null);
    const edited = await say([{ request_id: id, outcome: 'edited', final_text: `${text.slice(0, -4)}!`, rating: 5 }]);
    assert.deepEqual([edited.status, edited.body.accepted], [200, 1], JSON.stringify(edited));
    const row = await eventually('it is counted', () => reported(page, 'good'), (it) => it?.edited === 1);
    assert.ok(row.distances >= 1 && row.edit_distance > 0 && row.edit_distance < 2_000, JSON.stringify(row));

    const mixed = await say([{ request_id: id, outcome: 'accepted' }, { request_id: 'req_00000000000000000000000000000000', outcome: 'accepted' }, { request_id: id, rating: 6 }]);
    assert.deepEqual(mixed.body.results.map((it) => it.status), ['ok', 'error', 'error'], 'each in its place');
    assert.equal((await reported(page, 'good')).accepted, 2, 'the good item counts');
    const { rows } = await ask(page, 'history/list', { query: { team: TEAM.slug } });
    assert.equal(rows.find((it) => `req_${it.request.replaceAll('-', '')}` === id).verdict, 'accepted');
    const without = await newKey(world, page, 'plain', ['inference']);
    const refused = await fetch(`${world.url}/api/v1/feedback`, { method: 'POST', headers: { ...bearer, authorization: `Bearer ${without}` }, body: JSON.stringify({ feedback: [{ request_id: id, outcome: 'accepted' }] }) });
    assert.equal(refused.status, 403);
  }],

  ['fb_6 the tables equal a recount, with intervals and n, by model, task and team', async (world) => {
    const page = await world.browser.open(`${HOME}/verdicts`);
    const { rows } = await ask(page, 'feedback/report', { query: { team: TEAM.slug } });
    const table = page.getByRole('table').first();
    for (const it of rows.filter((row) => row.n > 0)) {
      const line = table.getByRole('row', { name: new RegExp(it.of) });
      const share = `${(it.acceptance.value / 100).toFixed(1)} %`;
      await expect(line).toContainText(share);
      await expect(line).toContainText(String(it.n));
    }
    for (const [by, wanted] of [['task_class', 'review'], ['team', '']]) {
      const { rows: some } = await ask(page, 'feedback/report', { query: { team: TEAM.slug, by } });
      assert.ok(some.some((row) => row.of === wanted || by === 'team'), `${by}: ${JSON.stringify(some)}`);
    }
    await look(world, page, 'verdicts');
  }],

  ['fb_4 a verdict is given by keyboard alone', async (world) => {
    const page = await world.browser.open(HOME);
    const run = await start(page, { models: ['good'], user: 'By keys.' });
    await openRun(world, run, '', page);
    await finished(page, ['good']);
    const keys = new Keyboard(page);
    await keys.to('Accept', 'button');
    await page.keyboard.press('Space');
    await keys.to('3 of 5', 'button');
    await page.keyboard.press('Enter');
    await keys.press('Note');
    await keys.type('Comment', 'Typed.');
    await keys.press('Save note');
    await eventually('it is kept', () => isPressed(button(page, 'good', '3 of 5')), (it) => it === 'true');
  }],
];
