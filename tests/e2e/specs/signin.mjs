// Getting in and out: set-up codes, wrong passwords, sessions, foreign origins, and all of it without JavaScript.
import assert from 'node:assert/strict';

import { hydrated } from '../lib/browser.mjs';
import { eventually, expect } from '../lib/expect.mjs';
import { OWNER, TEAM, ask, fillSetUp, press, setUp, signIn } from '../lib/steps.mjs';

// The browser writes every refused navigation and request to its console.
const REFUSED = /status of (400|401|403|404|409|429)/;

export const tests = [
  ['a wrong set-up code creates nothing and keeps what was typed', async (world) => {
    const page = await world.browser.page();
    await world.browser.open('/setup', page);
    await page.getByLabel('Set-up code').fill('wrong-wrong-wrong');
    await fillSetUp(page);
    await world.browser.allowing(REFUSED, async () => {
      await press(page, 'Create instance');
      await expect(page.locator('main')).toContainText('code is wrong');
    });
    await expect(page.getByLabel('Your name')).toHaveValue(OWNER.name);
    await expect(page.getByLabel('Password')).toHaveValue('');
    await expect(page.getByLabel('Set-up code')).toHaveValue('');
  }],

  ['the printed code creates the owner, once', async (world) => {
    const page = await world.browser.page();
    await setUp(world, page);
    const again = await (await world.browser.newContext()).newPage();
    const code = world.setupUrl.split('code=')[1];
    const answer = await world.browser.allowing(REFUSED, () => again.request.post('/setup', {
      headers: { origin: world.url, 'sec-fetch-site': 'same-origin' },
      form: { code, name: 'Eve', email: 'eve@example.com', password: OWNER.password, instance: 'Mine', team: 'Mine', zone: 'UTC', store_content: 'full' },
      maxRedirects: 0,
    }));
    assert.ok([403, 404, 409].includes(answer.status()), `a reused code was answered with ${answer.status()}`);
    await again.context().close();
  }],

  ['a wrong password is refused with one text for every reason', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    await world.browser.allowing(REFUSED, async () => {
      await signIn(world, page, 'not the password at all');
      await expect(page.locator('main')).toContainText('e-mail address or the password is wrong');
      const wrongPassword = await page.locator('form').innerText();
      await page.goto('/sign-in');
      await page.getByLabel('E-mail').fill('nobody@example.com');
      await page.getByLabel('Password').fill(OWNER.password);
      await press(page, 'Sign in');
      await expect(page.locator('main')).toContainText('e-mail address or the password is wrong');
      assert.equal(await page.locator('form').innerText(), wrongPassword);
    });
    await expect(page.getByLabel('Password')).toHaveValue('');
  }],

  ['signing in leads where somebody wanted to go', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    await page.goto(`/t/${TEAM.slug}/keys`);
    await page.waitForURL('**/sign-in?next=*');
    await page.getByLabel('E-mail').fill(OWNER.email);
    await page.getByLabel('Password').fill(OWNER.password);
    await press(page, 'Sign in');
    await page.waitForURL(`**/t/${TEAM.slug}/keys`);
  }],

  ['a foreign address in next is not followed', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    for (const next of ['https://example.com/', '//example.com/', '/\\example.com']) {
      await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByLabel('E-mail').fill(OWNER.email);
      await page.getByLabel('Password').fill(OWNER.password);
      await press(page, 'Sign in');
      await page.waitForURL((url) => url.pathname.startsWith('/t/') || url.pathname === '/');
      assert.equal(new URL(page.url()).origin, world.url, next);
      await world.browser.context.clearCookies();
    }
  }],

  ['a session that is ended elsewhere is over at once', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    await signIn(world, page);
    await page.waitForURL('**/t/**');
    const elsewhere = await (await world.browser.newContext()).newPage();
    await signIn(world, elsewhere);
    await elsewhere.waitForURL('**/t/**');
    await world.browser.open('/me/sessions', page);
    await press(page, 'End all others');
    await eventually('one session is left', () => page.getByRole('row').count(), (rows) => rows === 2);
    await elsewhere.goto(`/t/${TEAM.slug}/history`);
    await elsewhere.waitForURL('**/sign-in**');
    await elsewhere.context().close();
  }],

  ['signing out ends the session on the server', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    await signIn(world, page);
    await page.waitForURL('**/t/**');
    await hydrated(page);
    const cookies = await world.browser.context.cookies();
    assert.ok(cookies.some((cookie) => cookie.httpOnly && cookie.sameSite === 'Lax'), JSON.stringify(cookies));
    await page.getByRole('button', { name: OWNER.name }).first().click();
    await press(page, 'Sign out');
    await page.waitForURL('**/sign-in**');
    await world.browser.context.addCookies(cookies);
    await page.goto(`/t/${TEAM.slug}`);
    await page.waitForURL('**/sign-in**');
  }],

  ['a post from a foreign origin is refused on every cookie route', async (world) => {
    await world.browser.reset();
    const page = await world.browser.page();
    await signIn(world, page);
    await page.waitForURL('**/t/**');
    const foreign = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }];
    for (const headers of foreign) {
      for (const path of ['/sign-in', '/sign-out', '/setup', '/ui/keys/list']) {
        const answer = await page.request.post(path, { headers: { ...headers, 'content-type': 'application/json' }, data: '{}', maxRedirects: 0 });
        assert.equal(answer.status(), 403, `${path} with ${JSON.stringify(headers)}`);
      }
    }
    assert.ok(Array.isArray(await ask(page, 'sessions/list', {})), 'the session is still there');
  }],

  ['sign-in and reading work without JavaScript', async (world) => {
    const context = await world.browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(world, page);
    await page.waitForURL('**/t/**');
    for (const [path, heading] of [['', 'Home'], ['/history', 'History'], ['/models', 'Models'], ['/keys', 'Keys'], ['/runs', 'Runs']]) {
      await page.goto(`/t/${TEAM.slug}${path}`);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
    await context.close();
  }],
];
