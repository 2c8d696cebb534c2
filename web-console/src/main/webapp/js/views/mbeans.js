// Every MBean of a VM with the values, units and meanings of its attributes. Asks only while it is open.

import * as api from '../api.js';
import { ErrorBox } from '../actions.js';
import { h, setAttribute, setText } from '../dom.js';
import { Poller } from '../store.js';

const PERIOD_MILLIS = 2000;

class BeanTable {
  #cells = new Map();

  constructor(bean) {
    this.body = h('tbody');
    this.element = h('details', { class: 'mbean', 'data-mbean': bean.objectName },
      h('summary', {}, h('code', {}, bean.objectName), h('span', { class: 'hint' }, bean.description)),
      h('div', { class: 'table-scroll' },
        h('table', {},
          h('thead', {}, h('tr', {}, ...['Attribute', 'Value', 'Unit', 'Meaning'].map((text) => h('th', { scope: 'col' }, text)))),
          this.body)));
    for (const attribute of bean.attributes) {
      const value = h('td', { class: 'value' });
      this.#cells.set(attribute.name, value);
      this.body.append(h('tr', {}, h('th', { scope: 'row' }, attribute.name), value,
        h('td', {}, attribute.unit), h('td', { class: 'hint' }, attribute.description)));
    }
  }

  update(bean) {
    for (const attribute of bean.attributes) {
      const cell = this.#cells.get(attribute.name);
      if (cell) {
        setText(cell, attribute.error || written(attribute.value));
        setAttribute(cell, 'data-error', attribute.error ? 'true' : null);
      }
    }
  }
}

export class MBeanPanel {
  #name;
  #beans = new Map();
  #poller = null;

  constructor(name) {
    this.#name = name;
    this.error = new ErrorBox();
    this.place = h('div');
    this.element = h('details', { class: 'panel', id: 'mbeans', ontoggle: () => this.#toggled() },
      h('summary', {}, 'MBeans'), this.error.element, this.place);
  }

  dispose() {
    this.#poller?.stop();
  }

  #toggled() {
    this.#poller?.stop();
    this.#poller = this.element.open ? new Poller(() => this.#poll(), PERIOD_MILLIS) : null;
    this.#poller?.now();
  }

  async #poll() {
    try {
      this.#show((await api.mbeans(this.#name)).mbeans);
      this.error.clear();
    } catch (error) {
      this.error.show('MBeans', error);
      throw error;
    }
  }

  #show(beans) {
    const seen = new Set(beans.map((bean) => bean.objectName));
    for (const [name, table] of this.#beans) {
      if (!seen.has(name)) {
        table.element.remove();
        this.#beans.delete(name);
      }
    }
    for (const bean of beans) {
      let table = this.#beans.get(bean.objectName);
      if (!table) {
        table = new BeanTable(bean);
        this.#beans.set(bean.objectName, table);
        this.place.append(table.element);
      }
      table.update(bean);
    }
  }
}

function written(value) {
  if (value === null || value === '') {
    return '–';
  }
  return typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);
}
