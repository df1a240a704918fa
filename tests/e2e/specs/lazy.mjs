// Pages that are files of their own: loaded once, when somebody goes there, without a flash, and found again after an update.
import assert from 'node:assert/strict';

import { hydrated } from '../lib/browser.mjs';
import { eventually } from '../lib/expect.mjs';
import { TEAM, setUp } from '../lib/steps.mjs';

const home = `/t/${TEAM.slug}`;
// What the browser itself says about a file that is not there.
const GONE = /status of 404/;

/** A page with the names of the files of pages that it asked for, and how often it asked the server for a document. */
async function watched(world) {
  const page = await world.browser.page();
  const seen = { files: [], documents: 0 };
  page.on('request', (request) => {
    const file = request.url().match(/\/pkg\/[^/]+\/(\w+)\.wasm$/)?.[1];
    if (file && file !== 'tallygate_bg') seen.files.push(file);
    if (request.isNavigationRequest()) seen.documents += 1;
  });
  return { page, seen };
}

const place = (page, name) => page.locator('nav').getByRole('link', { name, exact: true }).first();
const shows = (page, title) => page.locator('main').getByRole('heading', { level: 1, name: title, exact: true }).waitFor();

function assertOnce(files, name) {
  assert.ok(files.includes(name), `${name} is not among ${files}`);
  assert.equal(new Set(files).size, files.length, `asked for twice: ${files}`);
}

export const tests = [
  ['the owner arrives', async (world) => setUp(world, await world.browser.page())],

  ['a file is loaded when somebody goes to its page, and once', async (world) => {
    const { page, seen } = await watched(world);
    await world.browser.open(home, page);
    assert.deepEqual(seen.files, []);
    for (const name of ['Keys', 'Home', 'Keys']) {
      await place(page, name).click();
      await shows(page, name);
    }
    assertOnce(seen.files, 'Keys');
    assert.equal(seen.documents, 1);
  }],

  ['a page that is opened by its address brings its file and works', async (world) => {
    const { page, seen } = await watched(world);
    await world.browser.open(`${home}/keys`, page);
    assertOnce(seen.files, 'Keys');
    await page.getByRole('button', { name: 'New key' }).first().click();
    await page.getByRole('dialog').first().waitFor();
  }],

  ['the old page stays until the new one is there', async (world) => {
    const { page } = await watched(world);
    await world.browser.open(home, page);
    let release;
    const held = new Promise((done) => { release = done; });
    const asked = new Promise((done) => {
      page.route('**/Keys.wasm', async (route) => { done(); await held; await route.continue(); });
    });
    await place(page, 'Keys').click();
    await asked;
    await shows(page, 'Home');
    assert.equal(new URL(page.url()).pathname, home);
    release();
    await shows(page, 'Keys');
    await page.waitForURL(`**${home}/keys`);
  }],

  ['who changes their mind while a page is loading gets the other one', async (world) => {
    const { page, seen } = await watched(world);
    await world.browser.open(home, page);
    let release;
    const held = new Promise((done) => { release = done; });
    await page.route('**/Keys.wasm', async (route) => { await held; await route.continue(); });
    await place(page, 'Keys').click();
    await eventually('the file is asked for', () => seen.files, (files) => files.includes('Keys'));
    await place(page, 'Runs').click();
    await shows(page, 'Runs');
    const loaded = page.waitForResponse('**/Keys.wasm').then((response) => response.finished());
    release();
    await loaded;
    await shows(page, 'Runs');
    await place(page, 'Keys').click();
    await shows(page, 'Keys');
    assertOnce(seen.files, 'Keys');
    assert.equal(seen.documents, 1);
  }],

  ['a page whose file is gone after an update is loaded whole', async (world) => {
    const { page, seen } = await watched(world);
    await world.browser.open(home, page);
    await page.route('**/Keys.wasm', (route) => route.fulfill({ status: 404 }), { times: 1 });
    await world.browser.allowing(GONE, async () => {
      await place(page, 'Keys').click();
      await shows(page, 'Keys');
      await hydrated(page);
    });
    assert.equal(new URL(page.url()).pathname, `${home}/keys`);
    assert.equal(seen.documents, 2);
  }],

  ['a file that never comes is asked for twice, and what the server wrote stays', async (world) => {
    const { page, seen } = await watched(world);
    await page.route('**/Keys.wasm', (route) => route.fulfill({ status: 404 }));
    await world.browser.allowing(GONE, async () => {
      await page.goto(`${home}/keys`);
      await eventually('the file is asked for', () => seen.files.filter((name) => name === 'Keys').length, (times) => times === 2);
      await page.waitForLoadState('networkidle');
    });
    await shows(page, 'Keys');
    assert.equal(seen.documents, 2);
  }],
];
