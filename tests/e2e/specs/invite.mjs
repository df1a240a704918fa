// People come, move and go without a pointer: invited by a link, joined in another browser, given another role, removed; a
// forgotten password is reset by a link; and a disabled account is out at once.
import assert from 'node:assert/strict';

import { hydrated } from '../lib/browser.mjs';
import { eventually, expect } from '../lib/expect.mjs';
import { Keyboard } from '../lib/keyboard.mjs';
import { look } from '../lib/look.mjs';
import { TEAM, ask, setUp, toast } from '../lib/steps.mjs';

const GUEST = { name: 'Grace Hopper', email: 'grace@example.com', password: 'grace keeps one real moth', next: 'grace found a second moth' };
const REFUSED = /status of (400|401|403|404|409)/;
const members = `/t/${TEAM.slug}/members`;

/** The link that is shown once, copied by keyboard. */
async function link(world, page, keyboard, title, name) {
  const dialog = await keyboard.dialog(title);
  await look(world, page, name);
  await keyboard.press('Copy link');
  const url = await eventually('the link is in the clipboard', () => page.evaluate(() => navigator.clipboard.readText()), (it) => it.startsWith('http'));
  assert.equal(url, await dialog.locator('#revealed-key').innerText());
  await keyboard.press('I stored it');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(url.includes('#'), 'the secret stands in the fragment, which no server sees');
  return url;
}

/** A second reader with a browser of their own; `work` gets a page at `url`. */
async function elsewhere(world, url, work, options = {}) {
  const context = await world.browser.newContext(options);
  try {
    const page = await context.newPage();
    await page.goto(url);
    if (options.javaScriptEnabled !== false) await hydrated(page);
    return await work(page, new Keyboard(page), context);
  } finally {
    await context.close();
  }
}

async function open(world, path = members) {
  await world.browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await world.browser.open(path);
  return [page, new Keyboard(page)];
}

async function invite(world, page, keyboard, email, role = 'Member') {
  await keyboard.press('Invite');
  await keyboard.dialog('Invite to the team');
  if (role !== 'Member') {
    await keyboard.to(/^Member/, 'radio');
    while (!(await keyboard.focused()).name.startsWith(role)) await page.keyboard.press('ArrowDown');
  }
  if (email) await keyboard.type('E-mail', email);
  await keyboard.press('Create link');
  return link(world, page, keyboard, /^Invitation/, 'invitation-link');
}

async function signIn(keyboard, email, password) {
  await keyboard.type('E-mail', email);
  await keyboard.type('Password', password);
  await keyboard.press('Sign in');
}

export const isStory = true;

export const tests = [
  ['the owner arrives', async (world) => setUp(world, await world.browser.page())],

  ['by keyboard: an invitation is a link that is shown once', async (world) => {
    const [page, keyboard] = await open(world);
    await look(world, page, 'members-alone');
    await keyboard.press('Invite');
    const dialog = await keyboard.dialog('Invite to the team');
    await look(world, page, 'invite');
    await keyboard.type('E-mail', 'no address');
    await keyboard.press('Create link');
    await eventually('the address is marked as wrong', () => dialog.locator('[aria-invalid="true"]').count(), (count) => count === 1);
    await keyboard.escape(dialog, 'Invite');
    world.link = await invite(world, page, keyboard, GUEST.email);
    await expect(page.getByRole('row', { name: new RegExp(GUEST.email) })).toContainText('open');
    assert.ok(!(await page.content()).includes(world.link.split('#')[1]), 'it is shown once');
  }],

  ['opening the link, even twice, uses nothing up', async (world) => {
    for (const method of ['get', 'head']) {
      const page = await world.browser.page();
      assert.equal((await page.request[method](world.link)).status(), 200);
    }
  }],

  ['by keyboard: the invited person joins in another browser and lands in the team', async (world) => {
    await elsewhere(world, world.link, async (page, keyboard, context) => {
      const field = page.getByLabel('Invitation', { exact: true });
      await eventually('the link came from the address', () => field.inputValue(), (it) => it.length > 20);
      assert.ok(!page.url().includes(await field.inputValue()), 'the secret leaves the address bar');
      await look(world, page, 'accept-invitation');
      await keyboard.type('Your name', GUEST.name);
      await keyboard.type('E-mail', GUEST.email);
      await keyboard.type('Password', GUEST.password);
      await keyboard.press('Join');
      await page.waitForURL(`**/t/${TEAM.slug}**`);
      await hydrated(page);
      await page.getByRole('button', { name: GUEST.name }).first().waitFor();
      world.guest = await context.storageState();
    });
    const [page] = await open(world);
    await page.getByRole('row', { name: new RegExp(GUEST.name) }).waitFor();
    await look(world, page, 'members');
  }],

  ['a used link says the same as one that never was', async (world) => {
    await world.browser.allowing(REFUSED, async () => {
      const texts = [];
      for (const url of [world.link, `${world.url}/invite#no-such-invitation-000000000000`]) {
        await elsewhere(world, url, async (page, keyboard) => {
          await keyboard.type('Your name', 'Eve');
          await keyboard.type('E-mail', 'eve@example.com');
          await keyboard.type('Password', 'eve was not invited here');
          await keyboard.press('Join');
          await page.getByRole('alert').or(page.locator('.banner, .form-error')).first().waitFor();
          texts.push(await page.locator('main').innerText());
          await world.browser.assertAccessible(page, 'refused invitation');
        });
      }
      assert.equal(texts[0], texts[1]);
    });
  }],

  ['the link works without JavaScript: it is pasted', async (world) => {
    const [page, keyboard] = await open(world);
    const url = await invite(world, page, keyboard, '');
    await elsewhere(world, url, async (other) => {
      await other.getByLabel('Invitation', { exact: true }).fill(url.split('#')[1].replace(/^.*=/, ''));
      await other.getByLabel('Your name').fill('Plain');
      await other.getByLabel('E-mail').fill('plain@example.com');
      await other.getByLabel('Password').fill('no script ran in this browser');
      await other.getByRole('button', { name: 'Join', exact: true }).click();
      await other.waitForURL(`**/t/${TEAM.slug}**`);
    }, { javaScriptEnabled: false });
  }],

  ['by keyboard: another role, which acts on a page that is open elsewhere', async (world) => {
    const [page, keyboard] = await open(world);
    await elsewhere(world, `/t/${TEAM.slug}/keys`, async (theirs) => {
      await theirs.getByRole('button', { name: 'New key' }).first().waitFor();
      await keyboard.press(`Actions for ${GUEST.name}`);
      await world.browser.assertAccessible(page, 'the menu of a member');
      await keyboard.press('Change role');
      await keyboard.dialog(`Role of ${GUEST.name}`);
      await look(world, page, 'member-role');
      await keyboard.to(/^Member/, 'radio');
      while (!(await keyboard.focused()).name.startsWith('Viewer')) await page.keyboard.press('ArrowDown');
      await keyboard.press('Change role');
      await toast(page, 'Role changed');
      await theirs.reload();
      await hydrated(theirs);
      assert.equal(await theirs.getByRole('button', { name: 'New key' }).count(), 0, 'a viewer makes no keys');
    }, { storageState: world.guest });
  }],

  ['by keyboard: an invitation is revoked', async (world) => {
    const [page, keyboard] = await open(world);
    const url = await invite(world, page, keyboard, 'late@example.com');
    const row = page.getByRole('row', { name: /late@example.com/ });
    await row.waitFor();
    await keyboard.press('Revoke');
    await keyboard.press('Revoke invitation');
    await expect(row).toContainText('revoked');
    const answer = await page.request.post('/invite', {
      headers: { 'sec-fetch-site': 'same-origin' },
      form: { token: url.split('#')[1].replace(/^.*=/, ''), name: 'Late', email: 'late@example.com', password: 'too late for this link' },
      maxRedirects: 0,
    });
    assert.ok([404, 409].includes(answer.status()), `${answer.status()}`);
  }],

  ['by keyboard: a password is reset by a link, and all sessions end', async (world) => {
    const [page, keyboard] = await open(world, '/admin/people');
    await look(world, page, 'people');
    await keyboard.press(`Actions for ${GUEST.name}`);
    await keyboard.press('Reset password');
    await keyboard.dialog(`Reset the password of ${GUEST.name}`);
    await look(world, page, 'reset-password');
    await keyboard.press('Create link');
    const url = await link(world, page, keyboard, /^New password/, 'reset-link');
    await elsewhere(world, url, async (theirs, their) => {
      await look(world, theirs, 'reset');
      await their.type('New password', GUEST.next);
      await their.press('Set password');
      await theirs.waitForURL((to) => !to.pathname.startsWith('/reset'));
    });
    await elsewhere(world, `/t/${TEAM.slug}`, async (theirs, their) => {
      await theirs.waitForURL('**/sign-in**');
      await signIn(their, GUEST.email, GUEST.next);
      await theirs.waitForURL(`**/t/${TEAM.slug}**`);
      world.guest = await theirs.context().storageState();
    }, { storageState: world.guest });
  }],

  ['by keyboard: a disabled account is out with the next request', async (world) => {
    const [page, keyboard] = await open(world, '/admin/people');
    await elsewhere(world, `/t/${TEAM.slug}`, async (theirs, their) => {
      await keyboard.press(`Actions for ${GUEST.name}`);
      await keyboard.press('Disable');
      await keyboard.dialog(`Disable ${GUEST.name}`);
      await look(world, page, 'disable-account');
      await keyboard.press('Disable account');
      await toast(page, 'Account disabled');
      await theirs.goto(`/t/${TEAM.slug}/keys`);
      await theirs.waitForURL('**/sign-in**');
      await world.browser.allowing(REFUSED, async () => {
        await signIn(their, GUEST.email, GUEST.next);
        await expect(theirs.locator('main')).toContainText('e-mail address or the password is wrong');
      });
    }, { storageState: world.guest });
    await expect(page.getByRole('row', { name: new RegExp(GUEST.name) })).toContainText('disabled');
  }],

  ['by keyboard: a member is removed', async (world) => {
    const [page, keyboard] = await open(world);
    await keyboard.press('Actions for Plain');
    await keyboard.press('Remove');
    await keyboard.dialog('Remove Plain');
    await look(world, page, 'remove-member');
    await keyboard.press('Remove member');
    await toast(page, 'Member removed');
    await eventually('the row is gone', () => page.getByRole('row', { name: /Plain/ }).count(), (count) => count === 0);
    const log = await ask(page, 'audit/list', { query: { team: TEAM.slug } });
    const actions = new Set(log.rows.map((row) => row.action));
    for (const wanted of ['invitation.create', 'invitation.redeem', 'member.remove']) {
      assert.ok([...actions].some((action) => action.startsWith(wanted.split('.')[0])), `${wanted} in ${[...actions]}`);
    }
  }],
];
