// The live picture of the host: asks once a second while the page is seen, and keeps the last two minutes.

import { summary, ApiError } from './api.js';

/** Time between two requests, in milliseconds. */
export const PERIOD_MILLIS = 1000;
/** Samples kept of each history: two minutes. */
export const HISTORY_LENGTH = 120;
const RETRY_MILLIS = [1000, 2000, 5000];

/** Calls a function again and again, never twice at once, and not while the page is hidden. */
export class Poller {
  #task;
  #period;
  #timer = 0;
  #running = false;
  #failures = 0;
  #stopped = false;
  #onVisible = () => this.now();

  constructor(task, periodMillis = PERIOD_MILLIS) {
    this.#task = task;
    this.#period = periodMillis;
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  /** Runs the task now, or right after the run under way. */
  async now() {
    clearTimeout(this.#timer);
    if (this.#running || this.#stopped || document.hidden) {
      return;
    }
    this.#running = true;
    try {
      await this.#task();
      this.#failures = 0;
    } catch {
      this.#failures++;
    } finally {
      this.#running = false;
    }
    if (!this.#stopped) {
      const retry = RETRY_MILLIS[Math.min(this.#failures, RETRY_MILLIS.length) - 1];
      this.#timer = setTimeout(() => this.now(), this.#failures > 0 ? retry : this.#period);
    }
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }
}

/**
 * The host and its VMs. Sends the events "update" after each answer, "state" with {name, from, to} for each change,
 * "lost" with the error and "found" when the connection goes and comes back.
 */
export class Store extends EventTarget {
  host = null;
  /** VMs by name; each has what the server said, and cpu: the part of its vCPUs in use, NaN where not known. */
  vms = new Map();
  #previous = null;
  #lost = false;
  #poller = new Poller(() => this.#poll());

  refresh() {
    return this.#poller.now();
  }

  async #poll() {
    let answer;
    try {
      answer = await summary();
    } catch (error) {
      if (error instanceof ApiError && error.status !== 401) {
        this.#lost = true;
        this.dispatchEvent(new CustomEvent('lost', { detail: error }));
      }
      throw error;
    }
    if (this.#lost) {
      this.#lost = false;
      this.dispatchEvent(new Event('found'));
    }
    this.#take(answer);
  }

  #take(answer) {
    const before = this.vms;
    const seconds = this.#previous === null ? NaN : (answer.nanos - this.#previous) / 1e9;
    this.#previous = answer.nanos;
    this.host = answer.host;
    this.vms = new Map();
    for (const vm of answer.vms) {
      const old = before.get(vm.name);
      vm.cpu = old ? cpuUse(old, vm, seconds) : vm.state === 'RUNNING' ? NaN : 0;
      vm.history = old?.history ?? [];
      vm.history.push({ time: Date.now() / 1000, cpu: vm.cpu });
      if (vm.history.length > HISTORY_LENGTH) {
        vm.history.shift();
      }
      this.vms.set(vm.name, vm);
      if (old && old.state !== vm.state) {
        this.dispatchEvent(new CustomEvent('state', { detail: { name: vm.name, from: old.state, to: vm.state } }));
      }
    }
    this.dispatchEvent(new Event('update'));
  }
}

function cpuUse(old, now, seconds) {
  const nanos = now.cpuTimeNanos - old.cpuTimeNanos;
  // A new start counts from zero again: there is no rate across it.
  if (!(seconds > 0) || nanos < 0) {
    return NaN;
  }
  return nanos / 1e9 / seconds / now.vcpuCount;
}
