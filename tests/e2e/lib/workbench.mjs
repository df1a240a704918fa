// The playground as a reader uses it: grids, cells and what stands in them, by roles and names.
//
// `arrange` brings what every run needs without clicking through it again: the forms for it have specs of their own.
import assert from 'node:assert/strict';

import { hydrated } from './browser.mjs';
import { eventually } from './expect.mjs';
import { TEAM, ask, setUp } from './steps.mjs';

export const HOME = `/t/${TEAM.slug}`;
export const PRICE = { input: '2.50', cache_read: '0.25', output: '10.00' };
const PROVIDER = 'house';
const OVER = ['finished', 'stopped', 'failed'];

/** An owner, a provider that is the fake, and models: [{ name, upstream, price, capabilities, context_window }]. */
export async function arrange(world, models) {
  const page = await world.browser.page();
  await setUp(world, page);
  const settings = await ask(page, 'settings/get', {});
  await ask(page, 'settings/update', { input: { ...settings, allow_private: [world.fakeAddress] } });
  const provider = { team: TEAM.slug, shared: false, slug: PROVIDER, kind: 'openai-compatible', base_url: world.fakeUrl, credential: 'sk-test-0123456789' };
  await ask(page, 'providers/create', { input: provider });
  for (const model of models) await addModel(page, model);
  const known = () => ask(page, 'runs/forecast', { team: TEAM.slug, grid: gridOf({ models: models.slice(-12).map(({ name }) => name), user: 'Hello.' }), only: [] });
  const exists = ({ blocked }) => !blocked.some(({ reason }) => /does not exist/.test(reason));
  if (models.length > 0) await eventually('the gateway knows the models', known, exists);
  return page;
}

async function addModel(page, { name, upstream, price = PRICE, capabilities, context_window = 128_000, max_output = 16_384 }) {
  const facts = { team: TEAM.slug, name, upstream, context_window, max_output };
  await ask(page, 'models/create', { input: { ...facts, provider: PROVIDER, price } });
  if (!capabilities) return;
  // The list of models tells ids to pages only.
  await page.goto(`${HOME}/models`);
  const href = await page.getByRole('row', { name: new RegExp(`^${name} `) }).locator('a[href*="/models/"]').first().getAttribute('href');
  const model = href.split('/').pop();
  const { revision } = await ask(page, 'models/get', { team: TEAM.slug, model });
  await ask(page, 'models/update', { input: { ...facts, model, revision, capabilities } });
}

/** A new key of the team, once the gateway knows it. */
export async function newKey(world, page, name, scopes) {
  const { secret } = await ask(page, 'keys/create', { input: { team: TEAM.slug, name, kind: 'service', rules: { models: 'all', scopes } } });
  const known = () => fetch(`${world.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } }).then((reply) => reply.status);
  await eventually('the key is known', known, (status) => status !== 401);
  return secret;
}

/** A grid as the form makes it. Models are names or whole variants, cases texts of one variable `say` or whole cases. */
export function gridOf({ models, user = '', system = '', cases = [{}], samples = 1, settings = {}, tools = [], task = null }) {
  return {
    prompt: { system, turns: [{ role: 'user', text: user }], tools },
    settings,
    variants: models.map((model) => (typeof model === 'string' ? { model } : model)),
    cases: cases.map((it) => (typeof it === 'string' ? { values: [['say', it]] } : it)),
    samples,
    task,
  };
}

/** Starts a run as the page would; its id. */
export async function start(page, grid, only = []) {
  return ask(page, 'runs/start', { input: { team: TEAM.slug, grid: gridOf(grid), only } });
}

export const view = (page, run, rows = 200) => ask(page, 'runs/get', { team: TEAM.slug, run, rows });

/** Waits until nothing of a run is open any more; the run. */
export const ended = (page, run, patience) => eventually('the run ends', () => view(page, run), (it) => it.finished, patience);

export async function openRun(world, run, query = '', page) {
  return world.browser.open(`${HOME}/playground/${run}${query}`, page);
}

/** From the form: the prompt and *Run*; the id of the run that begins. */
export async function runFromForm(world, page, { models, user, system = '' }) {
  await world.browser.open(`${HOME}/playground?models=${models.join(',')}`, page);
  await page.getByLabel('System prompt', { exact: true }).fill(system);
  await page.getByLabel('User prompt', { exact: true }).fill(user);
  await runButton(page).click();
  return runOf(page);
}

/** Opens the form on the page of a run. */
export async function openForm(page) {
  const button = page.getByRole('region', { name: 'Request', exact: true }).getByRole('button', { name: /^Request/ });
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
  await page.getByLabel('User prompt', { exact: true }).waitFor();
}

/** Opens a part of the form that is closed, once the page has judged what was typed before. */
export async function part(page, name) {
  const button = page.getByRole('group', { name: 'More of the request' }).getByRole('button', { name: new RegExp(`^${name}`) });
  await judged(page);
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
  await eventually(`${name} is open`, () => button.getAttribute('aria-expanded'), (it) => it === 'true');
}

/** Waits until the cost beside *Run* is that of the form as it is. */
export async function judged(page) {
  await page.waitForResponse((response) => response.url().endsWith('/ui/runs/forecast'), { timeout: 1_500 }).catch(() => undefined);
  await page.locator('.guard[aria-busy="false"]').waitFor();
}

/** The one primary button, whatever it says it will do. */
export const runButton = (page) => page.getByRole('button', { name: /^Run( all again| as a new run)?( Ctrl ↵)?$/ });

/** The run of the address, once the page has got there. */
export async function runOf(page) {
  await page.waitForURL(/\/playground\/[0-9a-f-]{36}/);
  return new URL(page.url()).pathname.split('/').pop();
}

/** The cell of a model; of a row, where there are several. */
export const cell = (page, model, row = null) => page.getByRole('region', { name: row === null ? model : `${model}, case ${row}`, exact: true });

export const log = (page, model, row) => cell(page, model, row).getByRole('log');

/** The answer of a cell byte for byte, where answers are shown plain. */
export const answer = (page, model, row) => log(page, model, row).locator('pre').first().textContent();

/** What the badge of a cell says. */
export async function state(page, model, row) {
  return (await cell(page, model, row).innerText()).match(/\b(not run|waiting|running|stopping|stopped|finished|failed)\b/)?.[1];
}

export async function answersAs(page, form) {
  const group = page.getByRole('group', { name: 'Answers as' });
  await group.getByRole('button', { name: form, exact: true }).click();
}

export const plain = (page) => answersAs(page, 'Plain');

export async function layout(page, name) {
  await page.getByRole('group', { name: 'Layout' }).getByRole('button', { name, exact: true }).click();
}

export async function finished(page, models, row) {
  for (const model of models) await eventually(`${model} ends`, () => state(page, model, row), (it) => OVER.includes(it));
}

export const becomes = (page, model, wanted, row) => eventually(`${model} is ${wanted}`, () => state(page, model, row), (it) => it === wanted);

/** Waits until the answer has grown `times` times in front of the reader; its text. */
export async function grows(page, model, times, row) {
  let text = '';
  for (; times > 0; times -= 1) {
    const seen = text.length;
    text = await eventually(`${model} grows`, () => log(page, model, row).innerText(), (it) => it.length > seen);
  }
  return text;
}

/** Why a cell failed, in the words it shows. */
export const problemOf = (page, model, row) => log(page, model, row).locator('.form-error').innerText();

/** What a figure of a cell says and what its title adds. */
export async function figure(page, model, label, row) {
  const value = cell(page, model, row).locator('dt', { hasText: label }).locator('xpath=following-sibling::dd').first();
  return { text: await value.innerText(), title: await value.getAttribute('title') };
}

/** The same page after a reload, alive again. */
export async function reload(page) {
  await page.reload();
  await hydrated(page);
}

/** The one request of a model since `before` requests were there. */
export function only(world, upstream, before = 0) {
  const found = world.journal.of(upstream, world.journal.attempts().slice(before));
  assert.equal(found.length, 1, `${upstream} was asked ${found.length} times`);
  return found[0];
}
