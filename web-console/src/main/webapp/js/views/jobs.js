// The jobs on disk images, with their progress; rows are kept and updated in place.

import { OPERATOR, confirm, may } from '../actions.js';
import * as api from '../api.js';
import { Meter, h, setAttribute, setText } from '../dom.js';
import * as format from '../format.js';

const LIKE_VM = { WAITING: 'STOPPED', RUNNING: 'RUNNING', READY: 'PAUSED', COMPLETED: 'STOPPED', FAILED: 'CRASHED', CANCELLED: 'STOPPED' };
const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];

class JobRow {
  constructor(id, session, onResult) {
    this.state = h('span', { class: 'state' });
    this.what = h('span');
    this.meter = new Meter('Progress');
    this.speed = h('td', { class: 'number' });
    this.outcome = h('td', { class: 'outcome' });
    this.cancel = this.#button('cancel', 'Cancel', onResult);
    this.complete = this.#button('complete', 'Complete', onResult);
    this.session = session;
    this.id = id;
    this.element = h('tr', { 'data-job': String(id) },
      h('th', { scope: 'row' }, String(id)),
      h('td', {}, this.what),
      h('td', {}, this.state),
      h('td', {}, this.meter.element),
      this.speed,
      this.outcome,
      h('td', { class: 'row-actions' }, h('div', { class: 'actions', role: 'group', 'aria-label': `Actions on job ${id}` }, this.complete, this.cancel)));
  }

  #button(action, label, onResult) {
    return h('button', {
      type: 'button', 'data-action': action,
      onclick: async () => {
        if (this[action].getAttribute('aria-disabled')) {
          return;
        }
        if (action === 'cancel' && !(await confirm(`Cancel job ${this.id}?`, 'What it has made so far is removed.', 'Cancel the job'))) {
          return;
        }
        onResult(() => api.actOnJob(this.id, action), `${label} job ${this.id}`);
      },
    }, label);
  }

  update(job) {
    setText(this.what, `${job.kind} ${job.subject}`);
    setText(this.state, job.state);
    setAttribute(this.state, 'data-state', LIKE_VM[job.state] ?? '');
    const part = job.state === 'COMPLETED' ? 1 : job.totalBytes > 0 ? job.doneBytes / job.totalBytes : NaN;
    this.meter.set(part, format.percent(part));
    const running = job.state === 'RUNNING';
    setText(this.speed, running && job.bytesPerSecond > 0
      ? `${format.byteRate(job.bytesPerSecond)}${job.remainingMillis >= 0 ? ` · ${format.duration(job.remainingMillis)} left` : ''}` : '–');
    setText(this.outcome, job.error || job.result);
    setAttribute(this.outcome, 'data-failed', job.error ? 'true' : null);
    const ended = ENDED.includes(job.state);
    const role = may(this.session, OPERATOR) ? '' : `Needs the role kvmbeans-${OPERATOR}`;
    this.#allow(this.cancel, role || (ended ? 'It has ended' : ''));
    this.#allow(this.complete, role || (job.state === 'READY' ? '' : 'Only a READY job has a last step'));
    this.complete.hidden = job.state !== 'READY';
    this.cancel.hidden = ended;
  }

  #allow(button, obstacle) {
    setAttribute(button, 'aria-disabled', obstacle ? 'true' : null);
    setAttribute(button, 'title', obstacle || null);
  }
}

export class JobTable {
  #rows = new Map();
  #session;
  #onResult;

  /** onResult gets a function that carries an action out, and the action's name. */
  constructor(session, onResult) {
    this.#session = session;
    this.#onResult = onResult;
    this.body = h('tbody');
    this.empty = h('p', { class: 'empty' }, 'None.');
    this.table = h('div', { class: 'table-scroll' },
      h('table', { id: 'jobs' },
        h('thead', {}, h('tr', {}, ...['Job', 'What', 'State', 'Progress', 'Speed', 'Outcome', 'Actions'].map((label) =>
          h('th', { scope: 'col', class: label === 'Speed' ? 'number' : '' }, label)))),
        this.body));
    this.element = h('div', {}, this.table, this.empty);
  }

  show(jobs) {
    const ids = new Set(jobs.map((job) => job.id));
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }
    jobs.forEach((job, i) => {
      const row = this.#row(job.id);
      row.update(job);
      if (this.body.children[i] !== row.element) {
        this.body.insertBefore(row.element, this.body.children[i] ?? null);
      }
    });
    this.table.hidden = jobs.length === 0;
    this.empty.hidden = jobs.length > 0;
  }

  #row(id) {
    let row = this.#rows.get(id);
    if (!row) {
      row = new JobRow(id, this.#session, this.#onResult);
      this.#rows.set(id, row);
    }
    return row;
  }
}
