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

const FACTS = ['Format', 'Size', 'Allocated', 'File', 'Cluster', 'Encryption', 'Used by', 'Path'];

export class ImageView {
  #pool;
  #name;
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
    this.snapshots = new KeyedTable('snapshots', ['Snapshot', 'Name', 'Made', 'Size', 'VM state'], 2);
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
        h('section', { class: 'panel' }, h('h2', {}, 'Snapshots in the image'), this.snapshots.element),
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
      ask(ADMIN, 'convert', 'Convert', () => forms.convertImage(this.#image, this.#storage.pools.map(({ name }) => name), others())),
      ask(ADMIN, 'resize', 'Resize', () => forms.resizeImage(this.#image)),
      act(OPERATOR, 'check', 'Check'),
      ask(ADMIN, 'repair', 'Repair', () => forms.repairImage(this.#image)),
      ask(OPERATOR, 'compare', 'Compare', () => forms.compareImage(this.#image, others())),
      ask(OPERATOR, 'measure', 'Measure', () => forms.measureImage(this.#image)),
      ask(ADMIN, 'rebase', 'Rebase', () => forms.rebaseImage(this.#image, others())),
      this.#asking(session, 'commit', 'Commit', 'Its own contents move down into its backing file, which then shows the same.'),
      this.#asking(session, 'stream', 'Stream', 'What the images below show is copied up, and this one stands alone.'),
      ask(ADMIN, 'useSecret', 'Secret', () => forms.useSecret(this.#image, this.#storage.secrets)),
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
    this.facts.set('Encryption', image.encryption === 'NONE' ? '–' : `${image.encryption}${image.secret ? `, secret ${image.secret}` : ''}`);
    this.facts.set('Used by', image.users.join(', ') || '–');
    this.facts.set('Path', image.path);
    setText(this.fault, imageNote(image));
    this.fault.hidden = imageNote(image) === '';
    const above = image.users.map((user) => user.match(/^image ([^/]+)\/(.+)$/)).filter(Boolean)
      .map(([, pool, name]) => ({ pool, name }));
    this.chain.show(image.chain, above);
    this.snapshots.show(image.snapshots.map(({ id, name, createdMillis, sizeBytes, vmStateBytes }) => [id, name,
      new Date(createdMillis).toLocaleString(), format.bytes(sizeBytes), vmStateBytes > 0 ? format.bytes(vmStateBytes) : '–']));
    this.bitmaps.show(image.bitmaps.map(({ name, recording, inconsistent, granularityBytes }) => [name,
      inconsistent ? 'inconsistent' : recording ? 'recording' : 'not recording', format.bytes(granularityBytes)]));
  }
}
