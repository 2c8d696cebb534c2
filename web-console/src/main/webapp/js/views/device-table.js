// A table of devices with what each one does now and the buttons for it. Rows are kept and updated in place.

import { may } from '../actions.js';
import { h, setAttribute, setText } from '../dom.js';

const LIKE_VM = { DETACHED: 'STOPPED', INACTIVE: 'PAUSED', ACTIVE: 'RUNNING', NEEDS_RESET: 'CRASHED', REMOVING: 'STOPPING' };

/** Shows the state of a device, drawn like a VM's: the colours of the style sheet go by those words. */
export function showState(element, state) {
  setText(element, state);
  setAttribute(element, 'data-state', LIKE_VM[state] ?? '');
}

class DeviceRow {
  #buttons = [];

  constructor(name, columns, actions, session, run) {
    this.state = h('span', { class: 'state' });
    this.note = h('span', { class: 'note' });
    this.cells = columns.map(({ figure }) => h('td', { class: figure ? 'number' : '' }));
    this.session = session;
    for (const action of actions) {
      const button = h('button', { type: 'button', class: action.danger ? 'danger' : '', onclick: () => this.#press(button, action, run) });
      this.#buttons.push([button, action]);
    }
    this.name = name;
    this.element = h('tr', { 'data-device': name },
      h('th', { scope: 'row' }, name, this.note),
      h('td', {}, this.state),
      ...this.cells,
      ...(actions.length > 0 ? [this.#actionCell()] : []));
  }

  #actionCell() {
    return h('td', { class: 'row-actions' }, h('div', { class: 'actions', role: 'group', 'aria-label': `Actions on ${this.name}` },
      ...this.#buttons.map(([button]) => button)));
  }

  update(device, columns, rate) {
    this.device = device;
    showState(this.state, device.state);
    setText(this.note, device.lastError);
    setAttribute(this.note, 'title', device.lastError || null);
    columns.forEach(({ text }, i) => setText(this.cells[i], text(device, rate)));
    for (const [button, action] of this.#buttons) {
      const label = action.label(device);
      const obstacle = this.#obstacle(action);
      setText(button, label);
      setAttribute(button, 'data-action', action.key(device));
      setAttribute(button, 'aria-label', `${label} ${device.name}`);
      setAttribute(button, 'aria-disabled', obstacle ? 'true' : null);
      setAttribute(button, 'title', obstacle || null);
    }
  }

  #obstacle({ role, obstacle }) {
    if (!may(this.session, role)) {
      return `Needs the role kvmbeans-${role}`;
    }
    return this.device.state === 'REMOVING' ? 'The guest has been asked to give it back' : obstacle?.(this.device) ?? '';
  }

  async #press(button, action, run) {
    if (this.#obstacle(action) || button.ariaBusy === 'true') {
      return;
    }
    button.ariaBusy = 'true';
    try {
      await run(action, this.device);
    } finally {
      button.ariaBusy = null;
    }
  }
}

export class DeviceTable {
  #rows = new Map();
  #columns;
  #actions;
  #session;
  #run;

  /**
   * @param columns after name and state: {label, text(device, rate), figure}
   * @param actions {key(device), label(device), role, danger, obstacle(device), run(device)}
   * @param run carries an action out and tells how it went
   */
  constructor(id, columns, actions, session, run) {
    this.#columns = columns;
    this.#actions = actions;
    this.#session = session;
    this.#run = run;
    this.body = h('tbody');
    this.empty = h('p', { class: 'empty' }, 'None.');
    this.table = h('div', { class: 'table-scroll' },
      h('table', { id },
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Name'), h('th', { scope: 'col' }, 'State'),
          ...columns.map(({ label, figure }) => h('th', { scope: 'col', class: figure ? 'number' : '' }, label)),
          ...(actions.length > 0 ? [h('th', { scope: 'col' }, 'Actions')] : []))),
        this.body));
    this.element = h('div', {}, this.table, this.empty);
  }

  show(devices, rate) {
    const names = new Set(devices.map((device) => device.name));
    for (const [name, row] of this.#rows) {
      if (!names.has(name)) {
        row.element.remove();
        this.#rows.delete(name);
      }
    }
    devices.forEach((device, i) => {
      const row = this.#row(device.name);
      row.update(device, this.#columns, rate);
      if (this.body.children[i] !== row.element) {
        this.body.insertBefore(row.element, this.body.children[i] ?? null);
      }
    });
    this.table.hidden = devices.length === 0;
    this.empty.hidden = devices.length > 0;
  }

  #row(name) {
    let row = this.#rows.get(name);
    if (!row) {
      row = new DeviceRow(name, this.#columns, this.#actions, this.#session, this.#run);
      this.#rows.set(name, row);
    }
    return row;
  }
}
