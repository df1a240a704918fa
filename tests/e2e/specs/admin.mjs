// The pages of one's own account and of the instance without a pointer: profile, password, tokens, teams, log, bundle,
// settings, permissions, the reference of the API.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { hydrated } from '../lib/browser.mjs';
import { eventually, expect } from '../lib/expect.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { OWNER, TEAM, ask, connectDemo, setUp, toast } from '../lib/steps.mjs';

const REFUSED = /status of (400|401|403|404|409)/;
const NEXT_PASSWORD = 'ada changed her nine notebooks';

async function open(world, where) {
  await world.browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await world.browser.open(where);
  return [page, new Keyboard(page)];
}

const BUNDLE = `[[teams]]\nslug = "search"\nname = "Search"\nmembers = [{ email = "${OWNER.email}", role = "admin" }]\n`;

/** Hands a file to the field that the keyboard has reached: the chooser itself belongs to the system. */
async function choose(world, page, keyboard, name, text) {
  const file = path.join(world.folder, name);
  writeFileSync(file, text);
  const chooser = page.waitForEvent('filechooser');
  await keyboard.to(/bundle|file/i, 'button');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(file);
}

/** Page, the menu that holds the button, and the button that opens a dialog. */
const DIALOGS = [
  [`/t/${TEAM.slug}/members`, null, 'Invite'],
  [`/t/${TEAM.slug}/members`, 'Actions for Countess Ada', 'Change role'],
  [`/t/${TEAM.slug}/members`, 'Actions for Countess Ada', 'Leave the team'],
  [`/t/${TEAM.slug}/keys`, null, 'New key'],
  [`/t/${TEAM.slug}/keys`, 'Actions for first key', 'Edit'],
  [`/t/${TEAM.slug}/keys`, 'Actions for first key', 'Rotate'],
  [`/t/${TEAM.slug}/keys`, 'Actions for first key', 'Revoke'],
  [`/t/${TEAM.slug}/models`, null, 'Add model'],
  [`/t/${TEAM.slug}/models`, 'More for demo-steady', 'Edit'],
  [`/t/${TEAM.slug}/models`, 'More for demo-steady', 'Archive'],
  [`/t/${TEAM.slug}/providers`, null, 'Connect'],
  [`/t/${TEAM.slug}/providers`, 'More for demo', 'Archive'],
  ['/me/tokens', null, 'New token'],
  ['/admin/teams', null, 'New team'],
  ['/admin/people', 'Actions for Countess Ada', 'Change role'],
];

export const isStory = true;

export const tests = [
  ['the owner arrives', async (world) => setUp(world, await world.browser.page())],

  ['by keyboard: name, zone and theme are one\'s own', async (world) => {
    const [page, keyboard] = await open(world, '/me');
    await look(world, page, 'me');
    await keyboard.type('Name', 'Countess Ada');
    await keyboard.type('Time zone', 'No/Where');
    await world.browser.allowing(REFUSED, async () => {
      await keyboard.press('Save profile');
      await eventually('the zone is marked as wrong', () => page.locator('[aria-invalid="true"]').count(), (count) => count === 1);
    });
    await keyboard.type('Time zone', 'Asia/Tokyo');
    await keyboard.choose('Theme', 'Dark');
    await keyboard.press('Save profile');
    await toast(page, 'Profile saved');
    const next = await page.request.get(`/t/${TEAM.slug}/keys`);
    assert.match(await next.text(), /<html[^>]*data-theme="dark"/);
    await page.getByRole('button', { name: 'Countess Ada' }).first().waitFor();
  }],

  ['by keyboard: the password is changed, and only the right one changes it', async (world) => {
    const [page, keyboard] = await open(world, '/me');
    await world.browser.allowing(REFUSED, async () => {
      await keyboard.type('Current password', 'not the one at all');
      await keyboard.type('New password', NEXT_PASSWORD);
      await keyboard.press('Change password');
      await eventually('it is marked as wrong', () => page.locator('[aria-invalid="true"]').count(), (count) => count === 1);
    });
    await keyboard.type('Current password', OWNER.password);
    await keyboard.type('New password', NEXT_PASSWORD);
    await keyboard.press('Change password');
    await toast(page, 'Password changed');
    await page.goto(`/t/${TEAM.slug}`);
    await page.waitForURL(`**/t/${TEAM.slug}`);
  }],

  ['by keyboard: a token is made, works, and is revoked', async (world) => {
    const [page, keyboard] = await open(world, '/me/tokens');
    await look(world, page, 'tokens-empty');
    await keyboard.press('New token');
    await keyboard.dialog('New token');
    await look(world, page, 'new-token');
    await keyboard.type('Name', 'script');
    await keyboard.tick(/^keys\.read/);
    await keyboard.press('Create token');
    const dialog = await keyboard.dialog(/script/);
    await look(world, page, 'token');
    const token = await dialog.locator('#revealed-key').innerText();
    assert.match(token, /^tgm_/);
    await keyboard.press('I stored it');
    const status = async () => (await page.request.get(`/api/v1/teams/${TEAM.slug}/keys`, { headers: { authorization: `Bearer ${token}` } })).status();
    assert.equal(await status(), 200);
    await keyboard.press('Revoke');
    await keyboard.dialog('Revoke script');
    await look(world, page, 'revoke-token');
    await keyboard.press('Revoke token');
    await eventually('the token is dead', status, (it) => it === 401);
  }],

  ['by keyboard: a team is made, and its settings are changed', async (world) => {
    const [page, keyboard] = await open(world, '/admin/teams');
    await look(world, page, 'teams');
    await keyboard.press('New team');
    await keyboard.dialog('New team');
    await look(world, page, 'new-team');
    await keyboard.type('Name', 'Payments');
    await keyboard.press('Create team');
    await toast(page, 'Team created');
    const [settings, other] = await open(world, '/t/payments/settings');
    await look(world, settings, 'team-settings');
    await other.type('Name', 'Payments and more');
    await other.press('Save settings');
    await toast(settings, 'Settings saved');
    await expect(settings.locator('body')).toContainText('Payments and more');
  }],

  ['the switcher leads from team to team', async (world) => {
    const [page, keyboard] = await open(world, `/t/${TEAM.slug}`);
    await keyboard.to(new RegExp(TEAM.name), 'button');
    await page.keyboard.press('Enter');
    await keyboard.follow(/Payments and more/);
    await page.waitForURL('**/t/payments**');
  }],

  ['by keyboard: a bundle is planned, applied, and then there is nothing to change', async (world) => {
    const [page, keyboard] = await open(world, '/admin/bundle');
    await look(world, page, 'bundle');
    await choose(world, page, keyboard, 'wrong.toml', '[[routes]]\nslug = "a"\n');
    await world.browser.allowing(REFUSED, async () => expect(page.locator('main')).toContainText('routes'));
    const [next, other] = await open(world, '/admin/bundle');
    await choose(world, next, other, 'bundle.toml', BUNDLE);
    await expect(next.locator('main')).toContainText('search');
    await look(world, next, 'bundle-plan');
    assert.equal((await ask(next, 'teams/list', {})).some((team) => team.slug === 'search'), false, 'a plan changes nothing');
    await other.tick(/./);
    await other.press(/Apply/);
    await eventually('the team is there', async () => (await ask(next, 'teams/list', {})).some((team) => team.slug === 'search'), (it) => it);
    const [again, third] = await open(world, '/admin/bundle');
    await choose(world, again, third, 'bundle.toml', BUNDLE);
    await expect(again.locator('main')).toContainText('Nothing: the instance is already as the file says');
  }],

  ['an export is a file that applies to itself', async (world) => {
    const page = await world.browser.page();
    const file = await page.request.get('/admin/bundle.toml');
    assert.equal(file.status(), 200);
    assert.match(file.headers()['content-disposition'], /attachment/);
    const text = await file.text();
    assert.match(text, /slug = "search"/);
    await world.browser.open('/admin/settings', page);
    assert.deepEqual(await ask(page, 'bundle/plan', { input: { text: BUNDLE } }), []);
  }],

  ['by keyboard: the log is filtered, and read as CSV', async (world) => {
    const [page, keyboard] = await open(world, '/admin/audit');
    await look(world, page, 'audit');
    await keyboard.type('What', 'team');
    await page.keyboard.press('Enter');
    await page.waitForURL(/action=team/);
    await expect(page.locator('main')).toContainText('team.');
    await look(world, page, 'audit-filtered');
    const csv = await page.request.get('/admin/audit.csv?action=team');
    assert.equal(csv.status(), 200);
    assert.match(csv.headers()['content-type'], /text\/csv/);
    const lines = (await csv.text()).trim().split('\n');
    assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.includes('team')), lines.slice(0, 3).join('\n'));
  }],

  ['permissions and the reference of the API are pages to read', async (world) => {
    for (const [name, where, wanted] of [['permissions', '/permissions', 'Manage service keys'], ['api-reference', '/api-reference', '/api/v1/teams']]) {
      const page = await world.browser.open(where);
      await expect(page.locator('main')).toContainText(wanted);
      await look(world, page, name);
    }
  }],

  ['every page says what it is, has one heading, and works from its address', async (world) => {
    const pages = ['/me', '/me/sessions', '/me/tokens', `/t/${TEAM.slug}/members`, `/t/${TEAM.slug}/settings`, `/t/${TEAM.slug}/keys`,
      `/t/${TEAM.slug}/providers`, `/t/${TEAM.slug}/models`, '/admin/people', '/admin/teams', '/admin/audit', '/admin/bundle', '/admin/settings',
      '/permissions', '/api-reference'];
    const titles = new Set();
    for (const where of pages) {
      const page = await world.browser.page();
      const blocked = [];
      await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
      page.on('console', (message) => message.text().startsWith('CSP') && blocked.push(message.text()));
      const response = await page.goto(where);
      assert.equal(response.status(), 200, where);
      await hydrated(page);
      assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, where);
      titles.add(await page.title());
      assert.deepEqual(blocked, [], where);
      await page.close();
    }
    assert.equal(titles.size, pages.length, [...titles].join(' | '));
  }],

  ['there is a provider with models and a key', async (world) => connectDemo(world, await world.browser.page())],

  ...DIALOGS.map(([where, menu, item]) => [`the dialog of ${menu ?? where}, ${item}, is accessible and closes by Escape`, async (world) => {
    const [page, keyboard] = await open(world, where);
    if (menu) await keyboard.press(menu);
    await keyboard.press(item);
    const dialog = page.getByRole('dialog').first();
    await dialog.waitFor();
    const name = `dialog ${item} ${menu ?? ''}`;
    await look(world, page, name);
    const folds = await dialog.locator('summary').count();
    for (let fold = 0; fold < folds; fold += 1) {
      await dialog.locator('summary').nth(fold).focus();
      await page.keyboard.press('Enter');
    }
    if (folds > 0) await look(world, page, `${name} unfolded`);
    await keyboard.escape(dialog, menu ?? item);
  }]),
];
