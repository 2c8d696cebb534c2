// Parts that several pages use.

import { h, setText } from '../dom.js';

/** A row of labelled values. */
export class Facts {
  #values = new Map();

  constructor(labels) {
    this.element = h('dl', { class: 'facts' });
    for (const label of labels) {
      const value = h('dd', {}, '–');
      this.#values.set(label, value);
      this.element.append(h('div', {}, h('dt', {}, label), value));
    }
  }

  set(label, text) {
    setText(this.#values.get(label), text);
  }
}

/** A table whose rows are told apart by their first cell and are updated in place. */
export class KeyedTable {
  #rows = new Map();

  /** textColumns: how many columns after the first hold text rather than figures. */
  constructor(id, headings, textColumns) {
    this.textColumns = textColumns;
    this.body = h('tbody');
    this.element = h('div', { class: 'table-scroll' },
      h('table', { id },
        h('thead', {}, h('tr', {}, ...headings.map((text, i) => h('th', { scope: 'col', class: this.#class(i) }, text)))),
        this.body));
  }

  /** Shows rows of texts; decorate gets each row's element and texts. */
  show(rows, decorate = () => {}) {
    const seen = new Set();
    let next = this.body.firstElementChild;
    for (const cells of rows) {
      const row = this.#row(cells);
      seen.add(cells[0]);
      cells.forEach((text, i) => setText(row.children[i], text));
      decorate(row, cells);
      if (row === next) {
        next = next.nextElementSibling;
      } else {
        this.body.insertBefore(row, next);
      }
    }
    for (const [key, row] of this.#rows) {
      if (!seen.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    }
  }

  #row(cells) {
    let row = this.#rows.get(cells[0]);
    if (!row) {
      row = h('tr', {}, ...cells.map((_, i) => h(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : { class: this.#class(i) })));
      this.#rows.set(cells[0], row);
    }
    return row;
  }

  #class(column) {
    return column > this.textColumns ? 'number' : '';
  }
}
