// The list of VMs. Rows are kept and updated in place, so that focus and selection survive each refresh.

import { ActionButtons, ErrorBox } from '../actions.js';
import { Meter, h, setAttribute, setText } from '../dom.js';
import * as format from '../format.js';

const ROW_ACTIONS = ['start', 'pause', 'resume', 'shutdown', 'powerOff'];

class Row {
  constructor(name, session, onResult) {
    this.state = h('span', { class: 'state' });
    this.cpu = new Meter('CPU');
    this.memory = new Meter('Memory');
    this.vcpus = h('td', { class: 'number' });
    this.uptime = h('td', { class: 'number' });
    this.note = h('span', { class: 'note' });
    this.buttons = new ActionButtons(name, ROW_ACTIONS, session, onResult);
    this.element = h('tr', { 'data-vm': name },
      h('th', { scope: 'row' }, h('a', { href: `#/vms/${encodeURIComponent(name)}` }, name), this.note),
      h('td', {}, this.state),
      h('td', {}, this.cpu.element),
      h('td', {}, this.memory.element),
      this.vcpus,
      this.uptime,
      h('td', { class: 'row-actions' }, this.buttons.element));
  }

  update(vm) {
    setText(this.state, vm.state);
    setAttribute(this.state, 'data-state', vm.state);
    setText(this.note, vm.lastError);
    setAttribute(this.note, 'title', vm.lastError || null);
    this.cpu.set(vm.cpu, format.percent(vm.cpu));
    this.memory.set(vm.memoryResidentBytes / vm.memoryBytes,
      `${format.bytes(vm.memoryResidentBytes)} of ${format.bytes(vm.memoryBytes)}`);
    setText(this.vcpus, String(vm.vcpuCount));
    setText(this.uptime, vm.uptimeMillis > 0 ? format.duration(vm.uptimeMillis) : '–');
    this.buttons.update(vm.state);
  }
}

export class ListView {
  title = 'Virtual machines';
  #rows = new Map();
  #context;
  #filter = '';

  constructor(context) {
    this.#context = context;
    this.error = new ErrorBox();
    this.body = h('tbody');
    this.empty = h('p', { class: 'empty', hidden: true });
    this.counts = h('span', { class: 'hint', id: 'counts' });
    const filter = h('input', {
      type: 'search', id: 'filter', placeholder: 'Filter by name or state', maxLength: 64, 'aria-label': 'Filter by name or state',
      oninput: () => { this.#filter = filter.value.trim().toLowerCase(); this.update(); },
    });
    const define = context.session.canDefine
      ? h('a', { class: 'button primary', href: '#/define' }, 'Define a VM')
      : h('span', { class: 'hint' }, 'Defining a VM needs the role kvmbeans-admin.');
    this.element = h('section', { 'aria-labelledby': 'title' },
      h('div', { class: 'heading' },
        h('h1', { id: 'title' }, this.title), this.counts, h('span', { class: 'spacer' }), filter, define),
      context.roleNote(),
      this.error.element,
      h('div', { class: 'table-scroll panel' },
        h('table', { class: 'vms', id: 'vms' },
          h('thead', {}, h('tr', {},
            ...['Name', 'State', 'CPU', 'Memory in use', 'vCPUs', 'Uptime', 'Actions'].map((label) =>
              h('th', { scope: 'col', class: label === 'vCPUs' || label === 'Uptime' ? 'number' : '' }, label)))),
          this.body)),
      this.empty);
  }

  update() {
    const { store } = this.#context;
    if (store.host === null) {
      return;
    }
    for (const [name, row] of this.#rows) {
      if (!store.vms.has(name)) {
        row.element.remove();
        this.#rows.delete(name);
      }
    }
    const shown = [...store.vms.values()].filter((vm) => this.#matches(vm));
    shown.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    this.#place(shown);
    setText(this.counts, `${store.host.runningVirtualMachineCount} running of ${store.vms.size}`);
    this.empty.hidden = shown.length > 0;
    setText(this.empty, store.vms.size === 0 ? 'No VM is defined yet.' : 'No VM matches the filter.');
  }

  dispose() {}

  #matches(vm) {
    return `${vm.name} ${vm.state}`.toLowerCase().includes(this.#filter);
  }

  #place(shown) {
    const wanted = new Set();
    let next = this.body.firstElementChild;
    for (const vm of shown) {
      const row = this.#row(vm.name);
      wanted.add(row.element);
      row.update(vm);
      if (row.element === next) {
        next = next.nextElementSibling;
      } else {
        this.body.insertBefore(row.element, next);
      }
    }
    for (const element of [...this.body.children]) {
      if (!wanted.has(element)) {
        element.remove();
      }
    }
  }

  #row(name) {
    let row = this.#rows.get(name);
    if (!row) {
      row = new Row(name, this.#context.session, (error, action) => {
        if (error) {
          this.error.show(`${action.label} ${name}`, error);
        } else {
          this.error.clear();
        }
        this.#context.store.refresh();
      });
      this.#rows.set(name, row);
    }
    return row;
  }
}
