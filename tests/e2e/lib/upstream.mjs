// The fake provider as a test steers it: scripts by model name, holding, releasing, and what it would say.
//
// What stands behind `--` in a model's name at the provider amends one request, which is how a page reaches the fake: it
// knows only names. `fake-upstream --help` lists all words.

/** A name at the provider: `named('slow', { words: 200, pace: 50 })` is `fake-slow--words=200--pace=50`. */
export function named(name, words = {}) {
  const parts = Object.entries(words).map(([word, value]) => (value === true ? word : `${word}=${value}`));
  return [`fake-${name}`, ...parts].join('--');
}

/** A prompt that a model with the word `echo` answers with exactly this text. */
export function saying(text) {
  return `base64:${Buffer.from(text, 'utf8').toString('base64')}`;
}

export class Upstream {
  constructor(url) {
    this.url = url;
  }

  /** From now on every request for `model`, or for all, is treated so: a script as `fake-upstream --script` reads it. */
  async script(script, model = null) {
    await this.#send('PUT', `script${model ? `?model=${encodeURIComponent(model)}` : ''}`, script);
  }

  /** Requests that a `hang` holds go on. */
  async release() {
    await this.#send('POST', 'release');
  }

  async hold() {
    await this.#send('POST', 'hold');
  }

  /** What these messages would be answered with, at once and without a trace in the journal. */
  async says(model, messages) {
    return (await (await this.#send('POST', 'answer', { model, messages })).json()).text;
  }

  async #send(method, path, body) {
    const response = await fetch(`${this.url}/_fake/${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`the fake refused ${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
