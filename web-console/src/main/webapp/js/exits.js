// Exits of a VM by reason: rates over time from the counters that the server sends.

import { HISTORY_LENGTH } from './store.js';

/** The most reasons drawn as lines of their own; all others are drawn as one. */
export const MOST_LINES = 7;
const OTHERS = 'other reasons';

/** Adds up the vCPUs' exit statistics: reason to {count, totalNanos, maxNanos}. */
export function totals(vcpus) {
  const sum = new Map();
  for (const vcpu of vcpus) {
    for (const [reason, statistics] of Object.entries(vcpu.exits)) {
      const total = sum.get(reason) ?? { count: 0, totalNanos: 0, maxNanos: 0 };
      total.count += statistics.count;
      total.totalNanos += statistics.totalNanos;
      total.maxNanos = Math.max(total.maxNanos, statistics.maxNanos);
      sum.set(reason, total);
    }
  }
  return sum;
}

/** The rates of the last two minutes. */
export class ExitHistory {
  #times = [];
  #rates = [];
  #lastNanos = NaN;
  #last = new Map();
  #lines = [];

  /** Takes one sample; nanos is the server's clock. Returns the rate now by reason, in exits a second. */
  add(nanos, now) {
    const seconds = (nanos - this.#lastNanos) / 1e9;
    const rates = new Map();
    if (seconds > 0) {
      for (const [reason, { count }] of now) {
        const grown = count - (this.#last.get(reason)?.count ?? 0);
        rates.set(reason, grown >= 0 ? grown / seconds : count / seconds);
      }
      this.#times.push(Date.now() / 1000);
      this.#rates.push(rates);
      if (this.#times.length > HISTORY_LENGTH) {
        this.#times.shift();
        this.#rates.shift();
      }
    }
    this.#lastNanos = nanos;
    this.#last = now;
    return rates;
  }

  /** Labels and data for a chart. A reason keeps its line, and so its colour, for as long as the page is shown. */
  series() {
    for (const reason of [...this.#last.keys()].sort((a, b) => this.#last.get(b).count - this.#last.get(a).count)) {
      if (this.#lines.length < MOST_LINES && !this.#lines.includes(reason)) {
        this.#lines.push(reason);
      }
    }
    const others = [...this.#last.keys()].filter((reason) => !this.#lines.includes(reason));
    const labels = others.length > 0 ? [...this.#lines, OTHERS] : [...this.#lines];
    const lines = this.#lines.map((reason) => this.#rates.map((rates) => rates.get(reason) ?? null));
    if (others.length > 0) {
      lines.push(this.#rates.map((rates) => others.reduce((sum, reason) => sum + (rates.get(reason) ?? 0), 0)));
    }
    return { labels, data: [this.#times, ...lines] };
  }

  /** Which line a reason is drawn with, from 0. */
  lineOf(reason) {
    const line = this.#lines.indexOf(reason);
    return line < 0 ? MOST_LINES : line;
  }
}
