// Every page in both themes at two widths: accessible, quiet, no wider than the screen, and pictured for the eye.
import assert from 'node:assert/strict';

import { hydrated, setTheme } from '../lib/browser.mjs';
import { CHAT, DEMO_MODEL, TEAM, ask, connectDemo, setUp } from '../lib/steps.mjs';
import { ended, start } from '../lib/workbench.mjs';

const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
const team = `/t/${TEAM.slug}`;

/** [name, path], filled once there is something to show. */
const EMPTY = [
  ['home-first-run', team], ['playground-empty', `${team}/playground`], ['runs-empty', `${team}/runs`], ['history-empty', `${team}/history`],
  ['verdicts-empty', `${team}/verdicts`], ['models-empty', `${team}/models`], ['providers-empty', `${team}/providers`], ['keys-empty', `${team}/keys`],
];
const FULL = [
  ['home', team], ['playground', `${team}/playground`], ['runs', `${team}/runs`], ['history', `${team}/history`],
  ['history-filtered-to-nothing', `${team}/history?f=status:in:timeout`], ['verdicts', `${team}/verdicts`], ['models', `${team}/models`], ['providers', `${team}/providers`],
  ['keys', `${team}/keys`], ['sessions', '/me/sessions'], ['settings', '/admin/settings'],
];

async function visit(world, name, path, { status = 200 } = {}) {
  const page = await world.browser.page();
  const response = await page.goto(path);
  assert.equal(response.status(), status, path);
  await hydrated(page);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const theme of ['light', 'dark']) {
      await setTheme(page, theme);
      await world.browser.screenshot(page, `${name}-${size.width}-${theme}`);
    }
    await world.browser.assertAccessible(page, `${name} at ${size.width}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px wider than a screen of ${size.width}`);
  }
  await page.close();
}

/** A dialog, opened by a button of a page. */
async function visitDialog(world, path, button, title) {
  const page = await world.browser.open(path);
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog', { name: title }).waitFor();
  await world.browser.assertAccessible(page, `dialog ${title}`);
  await world.browser.screenshot(page, `dialog-${title}`);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: title }).waitFor({ state: 'hidden' });
  await page.close();
}

export const tests = [
  ['set-up', async (world) => visit(world, 'setup', '/setup')],
  ['sign-in', async (world) => visit(world, 'sign-in', '/sign-in')],
  ['the owner arrives', async (world) => setUp(world, await world.browser.page())],
  ...EMPTY.map(([name, path]) => [name, (world) => visit(world, name, path)]),
  ['the demo provider, one key and one run are there', async (world) => {
    const page = await world.browser.page();
    await connectDemo(world, page);
    const run = await start(page, { models: [DEMO_MODEL, 'demo-swift'], ...CHAT });
    const view = await ended(page, run);
    assert.deepEqual(view.cells.map((cell) => cell.samples[0].state), ['done', 'done'], JSON.stringify(view));
    world.run = run;
    const history = await ask(page, 'history/list', { query: { team: TEAM.slug } });
    world.request = history.rows[0].request;
  }],
  ...FULL.map(([name, path]) => [name, (world) => visit(world, name, path)]),
  ['a finished run', async (world) => visit(world, 'run', `${team}/playground/${world.run}`)],
  ['a request', async (world) => visit(world, 'request', `${team}/history/${world.request}`)],
  ['the dialogs', async (world) => {
    await visitDialog(world, `${team}/models`, 'Add model', 'Add a model');
    await visitDialog(world, `${team}/providers`, 'Connect', 'Connect a provider');
    await visitDialog(world, `${team}/keys`, 'New key', 'New key');
  }],
  ['a page that does not exist', async (world) => {
    await world.browser.allowing(/status of 404/, () => visit(world, 'not-found', '/nowhere', { status: 404 }));
  }],
  ['a team of strangers looks like none', async (world) => {
    const page = await world.browser.page();
    await world.browser.allowing(/status of 404/, async () => {
      await page.goto('/t/strangers/history');
      await hydrated(page);
      await page.getByText('does not exist').first().waitFor();
      await world.browser.assertAccessible(page, 'error panel');
    });
  }],
  ['the theme is chosen in the shell and is in the first byte of the next page', async (world) => {
    const page = await world.browser.open(team);
    await page.getByRole('button', { name: 'Dark theme' }).first().click();
    const next = await page.request.get(`${team}/keys`);
    assert.match(await next.text(), /<html[^>]*data-theme="dark"/);
  }],
];
