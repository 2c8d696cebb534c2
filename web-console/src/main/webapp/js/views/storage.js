// The page of all pools: their room, their images, the jobs on them, and the secrets of encrypted ones.

import { ADMIN, ErrorBox, OPERATOR, confirm, may } from '../actions.js';
import * as api from '../api.js';
import { Meter, announce, h, setAttribute, setText } from '../dom.js';
import * as format from '../format.js';
import { Poller } from '../store.js';
import { JobTable } from './jobs.js';
import * as forms from './storage-forms.js';

/** A button that a role may press; others see which role it takes. */
export function roleButton(session, role, properties, label) {
  const allowed = may(session, role);
  const button = h('button', { type: 'button', ...properties, onclick: () => (allowed ? properties.onclick() : undefined) }, label);
  if (!allowed) {
    button.setAttribute('aria-disabled', 'true');
    button.title = `Needs the role kvmbeans-${role}`;
  }
  return button;
}

/** What is to be known of an image in a few words. */
export function imageNote(image) {
  return [image.lastError, image.corrupt ? 'corrupt' : '', image.dirty ? 'not closed well' : ''].filter(Boolean).join(' · ');
}

class ImageRow {
  constructor(pool, name) {
    this.note = h('span', { class: 'note' });
    this.cells = [h('td'), h('td', { class: 'number' }), h('td', { class: 'number' }), h('td'), h('td')];
    this.element = h('tr', { 'data-image': `${pool}/${name}` },
      h('th', { scope: 'row' }, h('a', { href: `#/storage/${encodeURIComponent(pool)}/${encodeURIComponent(name)}` }, name), this.note),
      ...this.cells);
  }

  update(image) {
    setText(this.note, imageNote(image));
    setAttribute(this.note, 'title', imageNote(image) || null);
    [image.format, format.bytes(image.sizeBytes), format.bytes(image.allocatedBytes),
      image.encryption === 'NONE' ? '–' : image.encryption, image.users.join(', ') || '–'].forEach((text, i) => setText(this.cells[i], text));
  }
}

class PoolPanel {
  #rows = new Map();
  #files = new Map();

  constructor(name, session, page) {
    this.name = name;
    this.page = page;
    this.session = session;
    this.usage = new Meter(`Used of pool ${name}`);
    this.where = h('span', { class: 'hint' });
    this.problem = h('p', { class: 'problem', hidden: true });
    this.body = h('tbody');
    this.table = h('div', { class: 'table-scroll' }, h('table', { class: 'images' },
      h('thead', {}, h('tr', {}, ...['Image', 'Format', 'Size', 'Allocated', 'Encryption', 'Used by'].map((label) =>
        h('th', { scope: 'col', class: label === 'Size' || label === 'Allocated' ? 'number' : '' }, label)))),
      this.body));
    this.empty = h('p', { class: 'empty' }, 'No image yet.');
    this.unregistered = h('ul', { class: 'unregistered' });
    this.unregisteredPart = h('div', { hidden: true },
      h('p', { class: 'hint' }, 'Files whose format nobody has said:'), this.unregistered);
    const button = (role, action, label, run, more = {}) =>
      roleButton(session, role, { 'data-action': action, 'aria-label': `${label} (pool ${name})`, onclick: run, ...more }, label);
    this.element = h('section', { class: 'panel', 'data-pool': name, 'aria-label': `Pool ${name}` },
      h('div', { class: 'panel-bar' }, h('h2', {}, name), this.usage.element, this.where, h('span', { class: 'spacer' }),
        button(ADMIN, 'create', 'Create an image', () => page.run('', () => forms.createImage(name, page.imageNames(), page.secrets()))),
        button(ADMIN, 'upload', 'Upload', () => page.run('', () => forms.uploadImage(name))),
        button(OPERATOR, 'refresh', 'Look again', () => page.run('Look again', () => api.actOnPool(name, 'refresh'))),
        button(ADMIN, 'remove', 'Remove the pool', () => this.#remove(), { class: 'danger' })),
      this.problem, this.table, this.empty, this.unregisteredPart);
  }

  async #remove() {
    if (await confirm(`Remove pool ${this.name}?`, 'The server forgets it. Its directory and its files stay as they are.', 'Remove')) {
      this.page.run(`Remove ${this.name}`, () => api.actOnPool(this.name, 'remove'));
    }
  }

  update(pool) {
    const bound = pool.quotaBytes || pool.capacityBytes;
    this.usage.set(pool.usedBytes / bound,
      `${format.bytes(pool.usedBytes)} of ${format.bytes(bound)}${pool.quotaBytes ? ' quota' : ''}, ${format.bytes(pool.freeBytes)} free`);
    setText(this.where, [pool.path, ...pool.backingDirectories.map((path) => `backing files in ${path}`)].join(' · '));
    setText(this.problem, pool.lastError);
    this.problem.hidden = pool.lastError === '';
    this.#place(pool.images);
    this.#showFiles(pool.unregisteredFiles);
  }

  #place(images) {
    const names = new Set(images.map((image) => image.name));
    for (const [name, row] of this.#rows) {
      if (!names.has(name)) {
        row.element.remove();
        this.#rows.delete(name);
      }
    }
    images.forEach((image, i) => {
      let row = this.#rows.get(image.name);
      if (!row) {
        row = new ImageRow(this.name, image.name);
        this.#rows.set(image.name, row);
      }
      row.update(image);
      if (this.body.children[i] !== row.element) {
        this.body.insertBefore(row.element, this.body.children[i] ?? null);
      }
    });
    this.table.hidden = images.length === 0;
    this.empty.hidden = images.length > 0;
  }

  #showFiles(files) {
    for (const [name, item] of this.#files) {
      if (!files.includes(name)) {
        item.remove();
        this.#files.delete(name);
      }
    }
    for (const name of files) {
      if (!this.#files.has(name)) {
        const item = h('li', { 'data-file': name }, h('code', {}, name), ' ',
          roleButton(this.session, ADMIN, { 'data-action': 'register', 'aria-label': `Register ${name}`,
            onclick: () => this.page.run('', () => forms.registerFile(this.name, name)) }, 'Register'));
        this.#files.set(name, item);
        this.unregistered.append(item);
      }
    }
    this.unregisteredPart.hidden = files.length === 0;
  }
}

export class StorageView {
  title = 'Storage';
  #context;
  #pools = new Map();
  #secrets = new Map();
  #last = null;
  #poller;

  constructor(context) {
    this.#context = context;
    const { session } = context;
    this.error = new ErrorBox();
    this.jobs = new JobTable(session, (action, what) => this.run(what, action));
    this.poolPlace = h('div', { class: 'devices', id: 'pools' });
    this.policy = h('span', { class: 'hint', id: 'policy' });
    this.secretList = h('ul', { class: 'unregistered', id: 'secrets' });
    this.noSecret = h('p', { class: 'empty' }, 'None.');
    this.element = h('section', { 'aria-labelledby': 'title', class: 'storage' },
      h('div', { class: 'heading' }, h('h1', { id: 'title' }, this.title), this.policy,
        h('span', { class: 'spacer' }),
        roleButton(session, ADMIN, { 'data-action': 'changePolicy', onclick: () => this.run('', () => forms.changePolicy(this.#last?.policy)) }, 'Where images may lie'),
        roleButton(session, ADMIN, { 'data-action': 'addPool', class: 'primary', onclick: () => this.run('', () => forms.addPool()) }, 'Add a pool')),
      context.roleNote(),
      this.error.element,
      this.poolPlace,
      h('div', { class: 'devices' },
        h('section', { class: 'panel' }, h('h2', {}, 'Jobs'), this.jobs.element),
        h('section', { class: 'panel' },
          h('div', { class: 'panel-bar' }, h('h2', {}, 'Secrets'), h('span', { class: 'spacer' }),
            roleButton(session, ADMIN, { 'data-action': 'defineSecret', onclick: () => this.run('', () => forms.defineSecret()) }, 'Define a secret')),
          this.secretList, this.noSecret)));
    this.#poller = new Poller(() => this.#poll());
    this.#poller.now();
  }

  update() {}

  dispose() {
    this.#poller.stop();
  }

  /** The images of all pools as POOL/FILE. */
  imageNames() {
    return (this.#last?.pools ?? []).flatMap((pool) => pool.images.map((image) => `${pool.name}/${image.name}`));
  }

  /** The names of the secrets. */
  secrets() {
    return this.#last?.secrets ?? [];
  }

  /** Carries an action out; a dialog shows its own errors and is named by nothing. */
  async run(what, action) {
    try {
      const answer = await action();
      this.error.clear();
      if (answer?.job) {
        announce(`Job ${answer.job} has begun.`);
      }
    } catch (error) {
      this.error.show(what, error);
    }
    this.#poller.now();
  }

  async #poll() {
    const answer = await api.storage();
    this.#last = answer;
    setText(this.policy, `Images may lie: ${answer.policy}`);
    this.#showPools(answer.pools);
    this.jobs.show(answer.jobs);
    this.#showSecrets(answer.secrets);
  }

  #showPools(pools) {
    const names = new Set(pools.map((pool) => pool.name));
    for (const [name, panel] of this.#pools) {
      if (!names.has(name)) {
        panel.element.remove();
        this.#pools.delete(name);
      }
    }
    pools.forEach((pool, i) => {
      let panel = this.#pools.get(pool.name);
      if (!panel) {
        panel = new PoolPanel(pool.name, this.#context.session, this);
        this.#pools.set(pool.name, panel);
      }
      panel.update(pool);
      if (this.poolPlace.children[i] !== panel.element) {
        this.poolPlace.insertBefore(panel.element, this.poolPlace.children[i] ?? null);
      }
    });
  }

  #showSecrets(names) {
    for (const [name, item] of this.#secrets) {
      if (!names.includes(name)) {
        item.remove();
        this.#secrets.delete(name);
      }
    }
    for (const name of names) {
      if (!this.#secrets.has(name)) {
        const item = h('li', { 'data-secret': name }, h('code', {}, name), ' ',
          roleButton(this.#context.session, ADMIN, { class: 'danger', 'data-action': 'removeSecret', 'aria-label': `Remove ${name}`,
            onclick: () => this.#removeSecret(name) }, 'Remove'));
        this.#secrets.set(name, item);
        this.secretList.append(item);
      }
    }
    this.noSecret.hidden = names.length > 0;
  }

  async #removeSecret(name) {
    if (await confirm(`Remove secret ${name}?`, 'What it opens can then be opened no more, unless somebody knows the passphrase.', 'Remove')) {
      this.run(`Remove ${name}`, () => api.removeSecret(name));
    }
  }
}
