// What a model says is never part of the page (`security.md` RD-1): answers that want to break out, streamed letter by letter,
// so that every place where they can be split is split.
//
// 100 payloads of the corpus in each run, by a seed that is printed; XSS=all takes the whole corpus, XSS_SEED=N that seed again.
import assert from 'node:assert/strict';

import { eventually } from '../lib/expect.mjs';
import { TEAM, ask } from '../lib/steps.mjs';
import { named, saying } from '../lib/upstream.mjs';
import { HOME, answersAs, arrange, ended, gridOf, openRun, view } from '../lib/workbench.mjs';
import { HOST, SIZE, corpus, sample } from '../lib/xss.mjs';

const LEAST = 1_500;
const seed = Number(process.env.XSS_SEED ?? Math.floor(Math.random() * 1_000_000));
const chosen = process.env.XSS === 'all' ? corpus(seed) : sample(seed, Number(process.env.XSS ?? 100));
/** A thousand letters at their pace, behind others. */
const SLOWEST_MS = 180_000;
/** Rows that one view of a run shows. */
const ROWS = 20;

// A pause between letters that is longer than events are joined for: the page sees every beginning of every payload.
const MODELS = [
  { name: 'letters', upstream: named('letters', { echo: true, letters: 1, pace: 55 }) },
  { name: 'pieces', upstream: named('pieces', { echo: true, letters: 7, pace: 55, bytes: 3 }) },
];

/** What an answer may be made of. */
const ELEMENTS = [
  'div', 'p', 'pre', 'code', 'span', 'h3', 'h4', 'h5', 'ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'hr', 'a', 'blockquote',
  'strong', 'em', 'del', 'ins', 'button', 'svg', 'use',
];
const ATTRIBUTES = [
  'class', 'href', 'rel', 'target', 'type', 'title', 'tabindex', 'start', 'scope', 'role', 'aria-label', 'aria-live', 'aria-hidden', 'width', 'height',
  'focusable', 'disabled', 'viewBox',
];

/** Watches a page from before its first script: what ran, what appeared in an answer that must not, at any moment. */
async function guarded(world) {
  const page = await world.browser.page();
  const seen = { dialogs: [], requests: [] };
  page.on('dialog', (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss().catch(() => undefined); });
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('popup', (popup) => seen.requests.push(`popup ${popup.url()}`));
  await page.addInitScript(([elements, attributes]) => {
    window.__fired = [];
    window.__found = [];
    window.__x = (...what) => window.__fired.push(String(what));
    const known = (node) => node.nodeType === 1 && node.parentElement?.closest('[role=log], [role=dialog], dialog, .content-view');
    const look = (node) => {
      if (!known(node)) return;
      const tag = node.localName;
      if (node.closest('[role=log]') && !elements.includes(tag)) window.__found.push(`<${tag}>`);
      for (const { name, value } of node.attributes) {
        if (name.startsWith('on') || name === 'style' || name === 'src' || name === 'srcdoc') window.__found.push(`${tag}[${name}]`);
        else if (node.closest('[role=log]') && !attributes.includes(name)) window.__found.push(`${tag}[${name}]`);
        if (name === 'href' && tag === 'a' && !/^(https?:\/\/|mailto:|\/t\/)/.test(value)) window.__found.push(`a[href=${value.slice(0, 60)}]`);
        if (name === 'href' && tag === 'use' && !/^(\/icons\.svg)?#?[\w./-]*#[\w-]+$/.test(value)) window.__found.push(`use[href=${value.slice(0, 60)}]`);
      }
      for (const child of node.children) look(child);
    };
    const watch = new MutationObserver((changes) => {
      for (const { addedNodes, target, type } of changes) {
        if (type === 'attributes') look(target);
        addedNodes.forEach(look);
      }
    });
    watch.observe(document, { subtree: true, childList: true, attributes: true });
    addEventListener('DOMContentLoaded', () => document.querySelectorAll('[role=log] *').forEach(look));
  }, [ELEMENTS, ATTRIBUTES]);
  return { page, seen };
}

/** Nothing ran, nothing was fetched but what the product's own pages fetch, nothing unknown stood in an answer. */
async function assertHarmless(world, { page, seen }, which) {
  const found = await page.evaluate(() => ({ fired: window.__fired, found: [...new Set(window.__found)], title: document.title, at: location.pathname }));
  const ours = (url) => url.startsWith(`${world.url}/`) && /^\/(t\/|ui\/|pkg\/|icons\.svg|favicon\.svg)/.test(new URL(url).pathname);
  const names = `payloads ${which}, seed ${seed}`;
  assert.deepEqual(found.fired, [], `ran: ${names}`);
  assert.deepEqual(seen.dialogs, [], `dialogs: ${names}`);
  assert.deepEqual(found.found, [], `stood in an answer: ${names}`);
  assert.deepEqual(seen.requests.filter((url) => !ours(url)), [], `fetched: ${names}`);
  assert.ok(!/xss/.test(found.title), found.title);
  assert.ok(found.at.startsWith(`/t/${TEAM.slug}/`), `the page was led away to ${found.at}`);
}

function batches() {
  const all = [];
  for (let at = 0; at < chosen.length; at += ROWS) all.push(chosen.slice(at, at + ROWS));
  return all;
}

/** One row for each payload; the model hears it in base64 and says it. */
const rows = (payloads) => payloads.map(({ text }) => ({ values: [['say', saying(text)]] }));

const ids = (payloads) => payloads.map(({ id }) => id).join(' ');

async function streamed(world, payloads, number) {
  const guard = await guarded(world);
  const { page } = guard;
  await world.browser.open(HOME, page);
  const model = MODELS[number % MODELS.length].name;
  const grid = gridOf({ models: [model], user: '{{say}}', cases: rows(payloads) });
  const run = await ask(page, 'runs/start', { input: { team: TEAM.slug, grid } });
  await openRun(world, run, '', page);
  const stored = await ended(page, run, SLOWEST_MS);
  // The page has heard the last event when no cell is busy any more.
  await eventually('all cells are at rest', () => page.locator('[role=log][aria-busy=true]').count(), (count) => count === 0);
  for (const [row, { id, text }] of payloads.entries()) {
    const sample = stored.cells.find((it) => it.place.case === row).samples[0];
    assert.equal(sample.text, text.replaceAll('\0', '\ufffd'), `payload ${id} arrived whole`);
  }
  await assertHarmless(world, guard, ids(payloads));
  for (const form of ['JSON', 'Plain', 'Rendered']) await answersAs(page, form);
  await assertHarmless(world, guard, ids(payloads));
  // What the server writes into the page is read by the browser's own parser.
  await page.reload();
  await page.waitForSelector('html[data-hydrated="1"]', { state: 'attached' });
  await assertHarmless(world, guard, ids(payloads));
  return { guard, run };
}

export const tests = [
  ['rd_1 the corpus holds at least 1,500 different payloads, and a seed names their order', async () => {
    const all = corpus(seed);
    assert.ok(all.length >= LEAST && all.length === SIZE, `${all.length}`);
    assert.equal(new Set(all.map(({ text }) => text)).size, all.length);
    assert.deepEqual(corpus(seed), all);
    assert.notDeepEqual(corpus(seed + 1), all);
    console.log(`     seed ${seed}, ${chosen.length} of ${all.length} payloads (XSS_SEED=${seed} XSS=all)`);
  }],

  ['the corpus bites: where answers became HTML, many of them would run', async (world) => {
    const page = await world.browser.page();
    await page.addInitScript(() => { window.__fired = new Set(); window.__x = (id) => window.__fired.add(Number(id)); window.alert = window.__x; });
    await page.route('**/*', (route) => (route.request().isNavigationRequest() && route.request().frame() === page.mainFrame()
      ? route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>bare</title><body>' })
      : route.fulfill({ status: 404, body: '' })));
    const harmless = sample(1, SIZE).filter(({ text }) => !/location|refresh|<base|<form|<iframe|<object|<frameset/i.test(text)).slice(0, 1_200);
    await page.goto('http://bare.invalid/');
    const fired = await world.browser.allowing(/./, () => page.evaluate(async (texts) => {
      for (const text of texts) {
        const box = document.body.appendChild(document.createElement('div'));
        box.innerHTML = text;
        for (const script of box.querySelectorAll('script')) script.replaceWith(Object.assign(document.createElement('script'), { textContent: script.textContent }));
        await new Promise((done) => setTimeout(done, 2));
        box.remove();
      }
      await new Promise((done) => setTimeout(done, 500));
      return window.__fired.size;
    }, harmless.map(({ text }) => text)));
    await page.close();
    world.browser.forget();
    assert.ok(fired >= 150, `only ${fired} of ${harmless.length} ran`);
    console.log(`     ${fired} of ${harmless.length} ran in a page without defences`);
  }],

  ['the team has models that say what they hear', (world) => arrange(world, MODELS)],

  ...batches().map((payloads, at) => [
    `rd_1 payloads ${at * ROWS + 1} to ${at * ROWS + payloads.length} stay text, split anywhere, live and reloaded`,
    async (world) => {
      world.last = await streamed(world, payloads, at);
    },
  ]),

  ['rd_1 the exact request, the history and the comparison of such answers are text as well', async (world) => {
    const guard = await guarded(world);
    const { page } = guard;
    const { run } = world.last;
    await openRun(world, run, '?base=0&diff=words', page);
    await page.getByRole('button', { name: /^Exact request of/ }).first().click();
    const drawer = page.getByRole('dialog', { name: /^Exact request/ });
    await drawer.locator('pre').first().waitFor();
    await drawer.getByRole('group', { name: 'Form of the request' }).getByRole('button', { name: 'Upstream' }).click();
    await drawer.locator('pre').last().waitFor();
    await assertHarmless(world, guard, 'of the last run');
    const requests = (await view(page, run)).cells.map((it) => it.samples[0].metrics.request);
    for (const request of requests.slice(0, 5)) {
      await world.browser.open(`${HOME}/history/${request}`, page);
      await assertHarmless(world, guard, `request ${request}`);
    }
    await world.browser.open(`${HOME}/history/compare?ids=${requests.slice(0, 3).join(',')}`, page);
    await assertHarmless(world, guard, 'compared');
    assert.ok(!guard.seen.requests.some((url) => url.includes(HOST)));
  }],

  ['rd_1 names, prompts, cases, notes and tags that are payloads stay text', async (world) => {
    const guard = await guarded(world);
    const { page } = guard;
    // Names are short and hold no control characters.
    const clean = ({ text }) => text.replaceAll('\0', '').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ').slice(0, 90).trim();
    const [one, two, three, four] = sample(seed + 1, 4).map(clean);
    await world.browser.open(HOME, page);
    const grid = gridOf({ models: ['pieces'], system: one, user: `{{say}} ${two.replaceAll('{{', '{ {')}`, cases: [{ name: three, values: [['say', four]] }] });
    const run = await ask(page, 'runs/start', { input: { team: TEAM.slug, grid, name: three } });
    const stored = await ended(page, run);
    const { request } = stored.cells[0].samples[0].metrics;
    await ask(page, 'feedback/give', { input: { team: TEAM.slug, request, verdict: { outcome: 'rejected', edit_distance: null, rating: 1, comment: two, tags: ['<img src=x onerror=__x(1)>'] } } });
    await ask(page, 'history/save_view', { input: { team: TEAM.slug, name: three, query: 'f=status:in:success', shared: true } });
    for (const path of [`/playground/${run}`, '/playground', '/runs', '/history', `/history/${request}`, '/verdicts']) {
      await world.browser.open(`${HOME}${path}`, page);
      await assertHarmless(world, guard, `${one} | ${two} | ${three} | ${four} on ${path}`);
    }
  }],
];
