// Rates a second from counters that the server sends with each answer.

import { HISTORY_LENGTH } from './store.js';

/** The most lines that one chart draws. */
const MOST_LINES = 8;

/** The rates of the last two minutes. */
export class RateHistory {
  #times = [];
  #samples = [];
  #lastNanos = NaN;
  #last = new Map();

  /** Takes the counters of one answer by key; nanos is the server's clock. */
  add(nanos, counters) {
    const seconds = (nanos - this.#lastNanos) / 1e9;
    if (seconds > 0) {
      const rates = new Map();
      for (const [key, value] of counters) {
        // A counter that is new, or that began again, has no rate across its beginning.
        const grown = value - (this.#last.get(key) ?? NaN);
        rates.set(key, grown >= 0 ? grown / seconds : NaN);
      }
      this.#times.push(Date.now() / 1000);
      this.#samples.push(rates);
      if (this.#times.length > HISTORY_LENGTH) {
        this.#times.shift();
        this.#samples.shift();
      }
    }
    this.#lastNanos = nanos;
    this.#last = counters;
  }

  /** The rate now; NaN where it is not known. */
  now(key) {
    return this.#samples.at(-1)?.get(key) ?? NaN;
  }

  /** Labels and data for a chart of the first of these keys. */
  series(keys) {
    const drawn = keys.slice(0, MOST_LINES);
    const lines = drawn.map((key) => this.#samples.map((rates) => finiteOrNull(rates.get(key))));
    return { labels: drawn, data: [this.#times, ...lines] };
  }
}

function finiteOrNull(value) {
  return Number.isFinite(value) ? value : null;
}
