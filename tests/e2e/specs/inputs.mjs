// What goes into a run besides a prompt: conversations, tools and their results, schemas, images, and rows from tables.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

import { eventually, expect } from '../lib/expect.mjs';
import { TEAM, ask, press } from '../lib/steps.mjs';
import { named, saying } from '../lib/upstream.mjs';
import { HOME, arrange, cell, ended, finished, judged, log, only, openRun, part, runButton, runFromForm, runOf, start, state, view } from '../lib/workbench.mjs';

const MODELS = [
  { name: 'tools', upstream: named('tools', { words: 30 }), capabilities: ['tools', 'json_schema', 'images'] },
  { name: 'blind', upstream: named('blind', { words: 10 }), capabilities: ['tools', 'json_schema'] },
  { name: 'echo', upstream: named('echo', { echo: true }), capabilities: ['tools', 'json_schema', 'images'] },
];
const upstream = (name) => MODELS.find((model) => model.name === name).upstream;
const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const TOOL = { name: 'read_file', description: 'Reads a file.', schema: JSON.stringify(SCHEMA) };

/** A picture of one colour, as a PNG of our own making. */
function png(size, colour) {
  const crcs = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const crc = (bytes) => (bytes.reduce((c, byte) => crcs[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), Buffer.concat(Array.from({ length: size }, () => Buffer.from(colour)))]);
  const data = deflateSync(Buffer.concat(Array.from({ length: size }, () => line)));
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Opens the form with these columns and a prompt. */
async function form(world, models, user) {
  const page = await world.browser.open(`${HOME}/playground?models=${models.join(',')}`);
  await page.getByLabel('User prompt', { exact: true }).fill(user);
  return page;
}

const CSV = 'topic,Name,note\n"lists, sorted",first,x\n"said ""yes""",second,\n日本語,third,"two\nlines"\n';

export const tests = [
  ['the team has models', (world) => arrange(world, MODELS)],

  ['pg_1 a conversation of several messages is sent as it was typed', async (world) => {
    const page = await form(world, ['echo'], 'First question');
    const before = world.journal.attempts().length;
    await press(page, 'Add message');
    await page.getByLabel('Assistant message 2').fill('First answer');
    await press(page, 'Add message');
    await page.getByLabel('User message 3').fill('Second question');
    await runButton(page).click();
    await ended(page, await runOf(page));
    const { messages } = only(world, upstream('echo'), before).summary;
    assert.deepEqual(messages, [
      { role: 'user', text: 'First question' }, { role: 'assistant', text: 'First answer' }, { role: 'user', text: 'Second question' },
    ]);
  }],

  ['pg_6 a tool is described, called, answered by hand, and the turn goes on', async (world) => {
    const page = await form(world, ['tools'], 'Read two files.');
    const before = world.journal.attempts().length;
    await part(page, 'Tools');
    await press(page, 'Add tool');
    await page.getByLabel('Name', { exact: true }).fill('read_file');
    await page.getByLabel('JSON schema of its arguments').fill('{"type": "object", ');
    await page.getByLabel('Name', { exact: true }).focus();
    await expect(page.locator('.tool')).toContainText('Line 1, column');
    await page.getByLabel('JSON schema of its arguments').fill(TOOL.schema);
    await runButton(page).click();
    await finished(page, ['tools']);
    const run = await runOf(page);
    const [{ samples: [sample] }] = (await view(page, run)).cells;
    assert.ok(sample.calls.length > 0 && sample.calls.every((call) => call.name === 'read_file' && call.result === null), JSON.stringify(sample));
    for (const call of sample.calls) {
      await expect(log(page, 'tools')).toContainText('Calls read_file');
      assert.deepEqual(Object.keys(JSON.parse(call.arguments)), ['path']);
    }
    const boxes = page.getByLabel('Result of read_file');
    assert.equal(await boxes.count(), sample.calls.length);
    for (let at = 0; at < sample.calls.length; at += 1) await boxes.nth(at).fill(`content ${at + 1}`);
    await press(log(page, 'tools'), 'Continue');
    const over = await eventually('the turn goes on', () => view(page, run), (it) => it.finished && it.cells[0].samples[0].text.includes('content 1'));
    // A take counts its own calls; the one before it stands under the earlier take.
    assert.equal(over.cells[0].samples[0].metrics.calls, 1);
    const asked = world.journal.of(upstream('tools'), world.journal.attempts().slice(before));
    assert.equal(asked.length, 2);
    assert.deepEqual(asked[1].summary.results.map((it) => it.text), sample.calls.map((_, at) => `content ${at + 1}`));
    await expect(log(page, 'tools')).toContainText('content 1');
  }],

  ['pg_6 fixed results and echoed arguments answer by themselves', async (world) => {
    for (const [reply, wanted] of [['fixed', /always this/], ['echo', /path/]]) {
      const page = await world.browser.open(HOME);
      const before = world.journal.attempts().length;
      const run = await start(page, { models: ['tools'], user: `Use it, ${reply}.`, tools: [{ ...TOOL, reply, result: 'always this' }] });
      const stored = await ended(page, run);
      const [sample] = stored.cells[0].samples;
      assert.equal(sample.state, 'done', JSON.stringify(sample));
      assert.ok(sample.calls.every((call) => wanted.test(call.result)), JSON.stringify(sample.calls));
      const asked = world.journal.of(upstream('tools'), world.journal.attempts().slice(before));
      assert.equal(asked.length, 2);
      assert.ok(asked[1].summary.results.every((it) => wanted.test(it.text)));
      const sum = world.journal.of(upstream('tools'), asked).reduce((tokens, it) => tokens + it.usage.prompt + it.usage.completion, 0);
      const { usage } = sample.metrics;
      assert.equal(Object.values(usage).reduce((tokens, count) => tokens + count, 0), sum, 'tokens of both calls');
    }
  }],

  ['pg_6 a schema is checked while it is typed, and every answer against it', async (world) => {
    const page = await form(world, ['tools'], 'Answer in JSON.');
    await part(page, 'Answer format');
    await page.getByLabel('Answer as').selectOption({ label: 'JSON of a schema' });
    const schema = page.getByLabel('JSON schema', { exact: true });
    await schema.fill('{"type": "objekt"}');
    await eventually('it is no schema', () => schema.getAttribute('aria-invalid'), (it) => it === 'true');
    await schema.fill(JSON.stringify({ type: 'object', properties: { verdict: { type: 'string' }, count: { type: 'integer' } }, required: ['verdict', 'count'], additionalProperties: false }));
    await eventually('it is a schema', () => schema.getAttribute('aria-invalid'), (it) => it !== 'true');
    await runButton(page).click();
    await finished(page, ['tools']);
    await expect(cell(page, 'tools')).toContainText('fits the schema');

    const settings = { format: 'schema', schema: JSON.stringify(SCHEMA) };
    const run = await start(page, { models: ['echo'], user: saying('{"path": 3, "more": [1]}'), settings });
    await openRun(world, run, '', page);
    await finished(page, ['echo']);
    await expect(cell(page, 'echo')).toContainText('1 fault of the schema');
    await cell(page, 'echo').getByText('1 fault of the schema').click();
    await expect(cell(page, 'echo')).toContainText('/path');
  }],

  ['pg_7 images come by button, paste and drop, say what they weigh, and reach the model as they are', async (world) => {
    const pictures = [png(32, [200, 30, 30]), png(48, [30, 200, 30]), png(64, [30, 30, 200])];
    const page = await form(world, ['tools'], 'What is on these?');
    const before = world.journal.attempts().length;
    await page.getByLabel('Image files').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: pictures[0] });
    await expect(page.locator('.turns')).toContainText('32 × 32');
    const give = (kind, bytes) => page.getByLabel('User prompt', { exact: true }).evaluate((box, [event, data]) => {
      const file = new File([Uint8Array.from(data)], 'picture.png', { type: 'image/png' });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      const made = event === 'paste'
        ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })
        : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
      box.dispatchEvent(made);
    }, [kind, [...bytes]]);
    await give('paste', pictures[1]);
    await expect(page.locator('.turns')).toContainText('48 × 48');
    await give('drop', pictures[2]);
    await expect(page.locator('.turns')).toContainText('64 × 64');
    assert.match(await page.locator('.turns').innerText(), /about \d+ tokens/);
    await page.getByRole('button', { name: 'Remove image 3' }).click();
    await runButton(page).click();
    await ended(page, await runOf(page));
    const { images } = only(world, upstream('tools'), before).summary;
    assert.deepEqual(images, pictures.slice(0, 2).map((bytes) => ({ media_type: 'image/png', sha256: sha256(bytes) })));
  }],

  ['pg_7 what is no image is refused, and a model without eyes is stopped before the run', async (world) => {
    const page = await form(world, ['tools', 'blind'], 'Look.');
    await world.browser.allowing(/status of 400/, async () => {
      await page.getByLabel('Image files').setInputFiles({ name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('<svg onload=alert(1)>') });
      await expect(page.locator('body')).toContainText('ext.png: ');
    });
    await page.getByLabel('Image files').setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: png(16, [9, 9, 9]) });
    await eventually('the blind one is named', () => page.locator('.guard').innerText(), (text) => /blind: [A-Z].*image/s.test(text));
    const before = world.journal.attempts().length;
    await runButton(page).click();
    await finished(page, ['tools']);
    assert.equal(world.journal.of(upstream('blind'), world.journal.attempts().slice(before)).length, 0, 'nothing was sent to it');
    assert.ok(['not run', 'failed'].includes(await state(page, 'blind')));
  }],

  ['pg_14 rows come from CSV and JSON lines, their columns are mapped, and Unicode and quotes survive', async (world) => {
    const page = await form(world, ['echo'], 'Write about {{topic}}. {{extra}}');
    await part(page, 'Cases');
    await press(page, 'Bring in CSV or JSON lines');
    const panel = page.getByRole('dialog', { name: 'Bring in cases' });
    await panel.getByLabel('CSV with a head line, or JSON lines').fill(CSV);
    await panel.getByText('3 cases found').waitFor();
    await panel.getByLabel('Column Name').selectOption({ label: 'name of the case' });
    await panel.getByLabel('Column note').selectOption({ label: 'variable extra' });
    await press(panel, 'Replace all with 3 cases');
    await expect(page.getByLabel('topic of case 2')).toHaveValue('said "yes"');
    await expect(page.getByLabel('Name of case 1')).toHaveValue('first');
    await expect(page.getByLabel('extra of case 3')).toHaveValue('two\nlines');
    const before = world.journal.attempts().length;
    await runButton(page).click();
    await ended(page, await runOf(page));
    const said = world.journal.attempts().slice(before).map((it) => it.summary.messages[0].text).sort();
    assert.deepEqual(said, ['Write about lists, sorted. x', 'Write about said "yes". ', 'Write about 日本語. two\nlines'].sort());
  }],

  ['pg_14 a file of JSON lines works as well', async (world) => {
    const page = await form(world, ['echo'], 'Write about {{topic}}.');
    await part(page, 'Cases');
    await press(page, 'Bring in CSV or JSON lines');
    const panel = page.getByRole('dialog', { name: 'Bring in cases' });
    const lines = '{"topic": "größe"}\n{"topic": "a, b"}\n';
    await panel.getByLabel('File of cases').setInputFiles({ name: 'cases.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(lines) });
    await panel.getByText('2 cases found').waitFor();
    await press(panel, 'Add 2 cases');
    await expect(page.getByLabel('topic of case 3')).toHaveValue('a, b');
  }],

  ['pg_14 a malformed table names the row and the column, and nothing comes in', async (world) => {
    const page = await form(world, ['echo'], 'Write about {{topic}}.');
    await part(page, 'Cases');
    await press(page, 'Bring in CSV or JSON lines');
    const panel = page.getByRole('dialog', { name: 'Bring in cases' });
    await world.browser.allowing(/status of 400/, async () => {
      for (const [bad, place] of [['topic,b\n1,2\n3\n', /row 3, column 2/i], ['topic\n"open\n', /row 2, column 1/i], ['{"topic": 1}\n{"topic"\n', /row 2, column/i]]) {
        await panel.getByLabel('CSV with a head line, or JSON lines').fill(bad);
        await eventually(`${bad} is refused`, () => panel.innerText(), (text) => place.test(text));
        assert.equal(await panel.getByRole('button', { name: /^Replace all/ }).count(), 0);
      }
    });
    await panel.getByRole('button', { name: 'Close' }).click();
    assert.equal(await page.getByLabel(/^topic of case/).count(), 1);
  }],

  ['pg_14 a case set is kept, shared, loaded and taken away', async (world) => {
    const page = await form(world, ['echo'], 'Write about {{topic}}.');
    await part(page, 'Cases');
    await page.getByLabel('topic of case 1').fill('kept words');
    await judged(page);
    await press(page, 'Case sets');
    let panel = page.getByRole('dialog', { name: 'Case sets' });
    await panel.getByLabel('Keep these cases as').fill('Parsing');
    await panel.getByLabel('Share with the team').check();
    await press(panel, 'Keep 1 case');
    await panel.getByText('Parsing').waitFor();
    await expect(panel).toContainText('shared');
    await panel.getByRole('button', { name: 'Close' }).click();

    await world.browser.open(`${HOME}/playground?models=echo`, page);
    await page.getByLabel('User prompt', { exact: true }).fill('Other words about {{topic}}.');
    await page.getByLabel('topic of case 1').fill('something else');
    await judged(page);
    await press(page, 'Case sets');
    panel = page.getByRole('dialog', { name: 'Case sets' });
    await press(panel, 'Load');
    await expect(page.getByLabel('topic of case 1')).toHaveValue('kept words');
    await press(page, 'Case sets');
    await page.getByRole('dialog', { name: 'Case sets' }).getByRole('button', { name: 'Remove Parsing' }).click();
    await page.getByText('None yet.').waitFor();
    assert.deepEqual(await ask(page, 'playground/case_sets', { team: TEAM.slug }), []);
  }],

  ['a prompt with braces that are no variable is sent as it is, and one without a value runs nothing', async (world) => {
    const page = await world.browser.page();
    const before = world.journal.attempts().length;
    await runFromForm(world, page, { models: ['echo'], user: 'fn f() {{ 1 + 1 }} {{x y}} {{' });
    await finished(page, ['echo']);
    assert.equal(only(world, upstream('echo'), before).summary.messages[0].text, 'fn f() {{ 1 + 1 }} {{x y}} {{');
    await world.browser.open(`${HOME}/playground?models=echo`, page);
    await page.getByLabel('User prompt', { exact: true }).fill('About {{nobody}}.');
    await eventually('it is named', () => page.locator('main').innerText(), (text) => /nobody/.test(text) && /cannot run|no value|value/i.test(text));
  }],
];
