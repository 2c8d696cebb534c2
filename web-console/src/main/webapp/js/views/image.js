// The page of one image.

import { ADMIN, ErrorBox, OPERATOR, confirm } from '../actions.js';
import * as api from '../api.js';
import { announce, h, setText } from '../dom.js';
import * as format from '../format.js';
import { Poller } from '../store.js';
import { ChainTree } from './chain.js';
import { JobTable } from './jobs.js';
import { Facts, KeyedTable } from './parts.js';
import * as forms from './storage-forms.js';
import { imageNote, roleButton } from './storage.js';

const FACTS = ['Format', 'Size', 'Allocated', 'File', 'Cluster', 'Encryption', 'Exported at', 'Used by', 'Path'];

export class ImageView {
  #pool;
  #name;
  #session;
  #image = null;
  #storage = null;
  #poller;

  constructor(context, pool, name) {
    this.#pool = pool;
    this.#name = name;
    this.title = `${pool}/${name}`;
    this.error = new ErrorBox();
    this.fault = h('p', { class: 'banner fault', hidden: true });
    this.facts = new Facts(FACTS);
    this.chain = new ChainTree();
    this.#session = context.session;
    this.snapshots = new KeyedTable('snapshots', ['Snapshot', 'Name', 'Made', 'Size', 'VM state', 'Actions'], 2);
    this.bitmaps = new KeyedTable('bitmaps', ['Dirty bitmap', 'State', 'Granularity'], 1);
    this.jobs = new JobTable(context.session, (action, what) => this.#run(what, action));
    this.element = h('section', { 'aria-labelledby': 'title', class: 'storage' },
      h('div', { class: 'heading' }, h('a', { href: '#/storage', class: 'back' }, 'Storage'), h('h1', { id: 'title' }, this.title)),
      context.roleNote(),
      this.#actions(context.session),
      this.error.element,
      this.fault,
      this.facts.element,
      h('div', { class: 'devices' },
        h('section', { class: 'panel' }, h('h2', {}, 'Chain'), this.chain.element),
        h('section', { class: 'panel' }, h('h2', {}, 'Jobs'), this.jobs.element),
        h('section', { class: 'panel' },
          h('div', { class: 'panel-bar' }, h('h2', {}, 'Snapshots in the image'), h('span', { class: 'spacer' }),
            roleButton(context.session, ADMIN, { 'data-action': 'createSnapshot', onclick: () => this.#image && this.#run('', () => forms.createSnapshot(this.#image)) }, 'Take a snapshot')),
          this.snapshots.element),
        h('section', { class: 'panel' }, h('h2', {}, 'Dirty bitmaps'), this.bitmaps.element)));
    this.#poller = new Poller(() => this.#poll());
    this.#poller.now();
  }

  update() {}

  dispose() {
    this.#poller.stop();
  }

  #actions(session) {
    const others = () => this.#imageNames().filter((name) => name !== this.title);
    const ask = (role, key, label, form) =>
      roleButton(session, role, { 'data-action': key, onclick: () => this.#image && this.#run('', form) }, label);
    const act = (role, key, label) =>
      roleButton(session, role, { 'data-action': key, onclick: () => this.#run(label, () => api.actOnImage(this.#pool, this.#name, key)) }, label);
    return h('div', { class: 'actions image-actions', role: 'group', 'aria-label': `Actions on ${this.title}` },
      ask(ADMIN, 'overlay', 'Create an overlay', () => forms.overlayImage(this.#image)),
      ask(ADMIN, 'convert', 'Convert', () => forms.convertImage(this.#image, this.#storage.pools.map(({ name }) => name), others(), this.#storage.secrets)),
      ask(ADMIN, 'resize', 'Resize', () => forms.resizeImage(this.#image)),
      act(OPERATOR, 'check', 'Check'),
      ask(ADMIN, 'repair', 'Repair', () => forms.repairImage(this.#image)),
      ask(OPERATOR, 'compare', 'Compare', () => forms.compareImage(this.#image, others())),
      ask(OPERATOR, 'measure', 'Measure', () => forms.measureImage(this.#image)),
      ask(ADMIN, 'rebase', 'Rebase', () => forms.rebaseImage(this.#image, others())),
      this.#asking(session, 'commit', 'Commit', 'Its own contents move down into its backing file, which then shows the same.'),
      this.#asking(session, 'stream', 'Stream', 'What the images below show is copied up, and this one stands alone.'),
      ask(ADMIN, 'useSecret', 'Secret', () => forms.useSecret(this.#image, this.#storage.secrets)),
      ask(ADMIN, 'addKey', 'Add a key', () => forms.chooseKey(this.#image, this.#storage.secrets, 'addKey')),
      ask(ADMIN, 'changeKey', 'Change the key', () => forms.chooseKey(this.#image, this.#storage.secrets, 'changeKey')),
      ask(ADMIN, 'removeKey', 'Remove a key', () => forms.removeKey(this.#image)),
      ask(ADMIN, 'startExport', 'Export', () => forms.startExport(this.#image)),
      act(ADMIN, 'stopExport', 'End the export'),
      this.#download(session),
      this.#asking(session, 'unregister', 'Unregister', 'The file stays, and what it is is forgotten.'),
      this.#asking(session, 'delete', 'Delete', 'The file is deleted for good.'));
  }

  /** An action that is asked about before. */
  #asking(session, key, label, consequence) {
    const run = async () => {
      if (await confirm(`${label} ${this.title}?`, consequence, label)) {
        this.#run(label, () => api.actOnImage(this.#pool, this.#name, key));
      }
    };
    return roleButton(session, ADMIN, { class: key === 'delete' ? 'danger' : '', 'data-action': key, onclick: run }, label);
  }

  /** The buttons of a snapshot, once for each row. */
  #addSnapshotActions(row, id, name) {
    if (row.children.length > 5) {
      return;
    }
    const button = (key, label, consequence, danger) => roleButton(this.#session, ADMIN, {
      class: danger ? 'danger' : '', 'data-action': key, 'aria-label': `${label} snapshot ${name}`,
      onclick: async () => {
        if (await confirm(`${label} snapshot ${name}?`, consequence, label)) {
          this.#run(label, () => api.actOnImage(this.#pool, this.#name, key, { snapshot: id }));
        }
      },
    }, label);
    row.append(h('td', { class: 'row-actions' }, h('div', { class: 'actions', role: 'group', 'aria-label': `Actions on snapshot ${name}` },
      button('applySnapshot', 'Apply', 'The disk is what it was then. What was written since is lost.', false),
      button('deleteSnapshot', 'Delete', 'What it keeps is lost.', true))));
  }

  #download(session) {
    return session.canDefine
      ? h('a', { class: 'button', 'data-action': 'download', href: api.imageContent(this.#pool, this.#name), download: this.#name }, 'Download')
      : roleButton(session, ADMIN, { 'data-action': 'download', onclick: () => {} }, 'Download');
  }

  #imageNames() {
    return this.#storage.pools.flatMap((pool) => pool.images.map((image) => `${pool.name}/${image.name}`));
  }

  async #run(what, action) {
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
    try {
      [this.#image, this.#storage] = await Promise.all([api.image(this.#pool, this.#name), api.storage()]);
    } catch (error) {
      if (error.status === 404) {
        this.#poller.stop();
        this.error.show('', error);
        this.#image = null;
        return;
      }
      throw error;
    }
    this.#show(this.#image);
    this.jobs.show(this.#storage.jobs.filter((job) => job.subject === this.title));
  }

  #show(image) {
    this.facts.set('Format', image.format);
    this.facts.set('Size', format.bytes(image.sizeBytes));
    this.facts.set('Allocated', format.bytes(image.allocatedBytes));
    this.facts.set('File', format.bytes(image.fileBytes));
    this.facts.set('Cluster', image.clusterBytes > 0 ? format.bytes(image.clusterBytes) : '–');
    this.facts.set('Encryption', image.encryption === 'NONE' ? '–' : [image.encryption,
      image.secret ? `secret ${image.secret}` : '', image.keySlots.length > 0 ? `key slots ${image.keySlots.join(', ')}` : ''].filter(Boolean).join(' · '));
    this.facts.set('Exported at', image.exportUri || '–');
    this.facts.set('Used by', image.users.join(', ') || '–');
    this.facts.set('Path', image.path);
    setText(this.fault, imageNote(image));
    this.fault.hidden = imageNote(image) === '';
    const above = image.users.map((user) => user.match(/^image ([^/]+)\/(.+)$/)).filter(Boolean)
      .map(([, pool, name]) => ({ pool, name }));
    this.chain.show(image.chain, above);
    this.snapshots.show(image.snapshots.map(({ id, name, createdMillis, sizeBytes, vmStateBytes }) => [id, name,
      new Date(createdMillis).toLocaleString(), format.bytes(sizeBytes), vmStateBytes > 0 ? format.bytes(vmStateBytes) : '–']),
      (row, [id, name]) => this.#addSnapshotActions(row, id, name));
    this.bitmaps.show(image.bitmaps.map(({ name, recording, inconsistent, granularityBytes }) => [name,
      inconsistent ? 'inconsistent' : recording ? 'recording' : 'not recording', format.bytes(granularityBytes)]));
  }
}
