// The tree of images that lie on one another: what is below an image, and what lies on it.

import { h, setText } from '../dom.js';
import * as format from '../format.js';

/** A tree; the image that is shown is marked. Rebuilt only when it changes. */
export class ChainTree {
  #shown = '';

  constructor() {
    this.element = h('div', { class: 'chain', id: 'chain' });
  }

  /**
   * @param chain the image and what is below it, the image first
   * @param above images that lie on it directly or not, as {pool, name}
   */
  show(chain, above) {
    const key = JSON.stringify([chain, above]);
    if (key === this.#shown) {
      return;
    }
    this.#shown = key;
    let list = above.length === 0 ? null : h('ul', {}, ...above.map(({ pool, name }) =>
      h('li', { 'data-depth': 'above' }, h('a', { href: `#/storage/${encodeURIComponent(pool)}/${encodeURIComponent(name)}` }, `${pool}/${name}`))));
    for (const layer of chain) {
      list = h('ul', {}, this.#item(layer, list));
    }
    this.element.replaceChildren(...(list ? [list] : []));
  }

  #item(layer, above) {
    const words = layer.problem
      ? layer.problem
      : `${layer.format} · ${format.bytes(layer.sizeBytes)}, ${format.bytes(layer.allocatedBytes)} allocated`;
    const note = h('span', { class: layer.problem ? 'problem' : 'hint' });
    setText(note, words);
    const item = h('li', { 'data-depth': String(layer.depth) }, h('code', { class: layer.depth === 0 ? 'this' : '' }, layer.path), ' ', note);
    if (layer.depth === 0) {
      item.setAttribute('aria-current', 'true');
    }
    if (above) {
      item.append(above);
    }
    return item;
  }
}
