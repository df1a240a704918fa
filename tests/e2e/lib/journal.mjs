// Reads the fake upstream's journal: what it accepted and served, one JSON line per fact.
import { readFileSync } from 'node:fs';

export class Journal {
  constructor(file) {
    this.path = file;
  }

  /** One record per accepted request: model, attempt (null for direct calls), tokens reported, how and when it ended. */
  requests() {
    const requests = new Map();
    const text = readFileSync(this.path, 'utf8');
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean)) {
      const entry = JSON.parse(line);
      if (entry.event === 'accepted') {
        requests.set(entry.seq, { ...entry, served: 0, usage: null, end: 'open', endedAt: null });
        continue;
      }
      const request = requests.get(entry.seq);
      if (entry.event === 'step') request.served += entry.tokens;
      if (entry.event === 'usage') request.usage = entry.reported;
      if (['refused', 'finished', 'client_gone', 'cut'].includes(entry.event)) Object.assign(request, { end: entry.event, endedAt: entry.at_ms });
    }
    return [...requests.values()];
  }

  /** Those of `list` that the provider was asked by this name. */
  of(model, list = this.attempts()) {
    return list.filter((request) => request.model === model);
  }

  /** Requests that came through the product. */
  attempts() {
    return this.requests().filter((request) => request.attempt !== null);
  }
}

/** Cost in nano-dollars, rounded up once, as the product defines it; prices are dollars per million tokens as text. */
export function costNano(tokens, price) {
  const cached = BigInt(tokens.cached);
  const pico = (BigInt(tokens.prompt) - cached) * picoPerToken(price.input)
    + cached * picoPerToken(price.cacheRead ?? price.input)
    + BigInt(tokens.completion) * picoPerToken(price.output);
  return (pico + 999n) / 1000n;
}

/** `2.50` dollars per million tokens is 2 500 000 pico-dollars per token. */
function picoPerToken(dollarsPerMillion) {
  const [whole, fraction = ''] = dollarsPerMillion.split('.');
  return BigInt(whole + fraction.padEnd(6, '0'));
}

/** All nine decimals, as receipts print them. */
export function exactDollars(nano) {
  const text = nano.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}
