// Defining a VM, from a form or from its JSON document. Both send JSON; the server alone judges it.

import * as api from '../api.js';
import { ErrorBox } from '../actions.js';
import { announce, h } from '../dom.js';

const FIELDS = [
  { key: 'name', label: 'Name', hint: '1 to 64 of A-Z a-z 0-9 . _ -', required: true },
  { key: 'vcpus', label: 'vCPUs', hint: 'A whole number, for example 2', number: true, value: '1' },
  { key: 'memory', label: 'Memory', hint: 'With its unit, for example 512MiB', value: '512MiB' },
  { key: 'kernel', label: 'Kernel', hint: 'Path on the host: bzImage, ELF with PVH, or Multiboot', wide: true },
  { key: 'initrd', label: 'Initial RAM disk', hint: 'Path on the host; may stay empty', wide: true },
  { key: 'cmdline', label: 'Command line', hint: 'For the kernel; may stay empty', value: 'console=ttyS0', wide: true },
];

export class DefineView {
  title = 'Define a VM';
  #context;
  #inputs = new Map();

  constructor(context) {
    this.#context = context;
    this.error = new ErrorBox();
    this.json = h('textarea', { id: 'json', rows: 14, spellcheck: false, maxLength: 1_000_000, 'aria-describedby': 'json-hint' });
    this.autostart = h('input', { type: 'checkbox', id: 'autostart' });
    this.formPart = h('div', { class: 'fields' }, ...FIELDS.map((field) => this.#field(field)),
      h('div', { class: 'field check' }, this.autostart, h('label', { for: 'autostart' }, 'Start it with the server')));
    this.jsonPart = h('div', { class: 'fields', hidden: true },
      h('div', { class: 'field wide' }, h('label', { for: 'json' }, 'Definition as JSON'), this.json,
        h('p', { class: 'hint', id: 'json-hint' }, 'Sent to the server as it is written here.')));
    this.byForm = this.#choice('form', 'Form', true);
    this.byJson = this.#choice('json', 'JSON', false);
    this.submit = h('button', { type: 'submit', class: 'primary' }, 'Define');
    this.element = h('section', { 'aria-labelledby': 'title', class: 'define' },
      h('div', { class: 'heading' }, h('a', { href: '#/', class: 'back' }, 'All VMs'), h('h1', { id: 'title' }, this.title)),
      context.roleNote(),
      h('form', { class: 'panel', id: 'define', noValidate: true, onsubmit: (event) => this.#define(event) },
        h('fieldset', { class: 'choice' }, h('legend', {}, 'Write it as'), this.byForm, this.byJson),
        this.formPart, this.jsonPart, this.error.element,
        h('div', { class: 'actions' }, this.submit, h('a', { class: 'button', href: '#/' }, 'Cancel'))));
    if (!context.session.canDefine) {
      this.submit.setAttribute('aria-disabled', 'true');
      this.submit.title = 'Needs the role kvmbeans-admin';
    }
  }

  update() {}

  dispose() {}

  #field({ key, label, hint, value = '', wide = false }) {
    const input = h('input', { id: `field-${key}`, name: key, value, autocomplete: 'off', spellcheck: false, maxLength: 4096, 'aria-describedby': `hint-${key}` });
    this.#inputs.set(key, input);
    return h('div', { class: wide ? 'field wide' : 'field' },
      h('label', { for: input.id }, label), input, h('p', { class: 'hint', id: `hint-${key}` }, hint));
  }

  #choice(value, label, checked) {
    const input = h('input', { type: 'radio', name: 'as', value, id: `as-${value}`, checked, onchange: () => this.#switch(value === 'json') });
    return h('label', { for: input.id }, input, label);
  }

  #switch(toJson) {
    if (toJson) {
      this.json.value = JSON.stringify(this.#document(), null, 2);
    } else {
      this.#fill();
    }
    this.formPart.hidden = toJson;
    this.jsonPart.hidden = !toJson;
  }

  /** Takes into the form what the form can show of the JSON text; keys it has no field for stay in the text only. */
  #fill() {
    try {
      const document = JSON.parse(this.json.value);
      for (const [key, input] of this.#inputs) {
        input.value = document[key] === undefined ? '' : String(document[key]);
      }
      this.autostart.checked = document.autostart === true;
    } catch {
      // Not JSON yet: the form keeps what it had, and the text is kept too.
    }
  }

  #document() {
    const document = {};
    for (const { key, number, required } of FIELDS) {
      const text = this.#inputs.get(key).value.trim();
      if (text !== '' || required) {
        // What is no number goes as the text it is: the server says what would be right.
        document[key] = number && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
      }
    }
    if (this.autostart.checked) {
      document.autostart = true;
    }
    return document;
  }

  async #define(event) {
    event.preventDefault();
    if (!this.#context.session.canDefine || this.submit.ariaBusy === 'true') {
      return;
    }
    this.submit.ariaBusy = 'true';
    try {
      const json = this.jsonPart.hidden ? JSON.stringify(this.#document()) : this.json.value;
      const { name } = await api.define(json);
      this.error.clear();
      announce(`${name} was defined.`);
      await this.#context.store.refresh();
      location.hash = `#/vms/${encodeURIComponent(name)}`;
    } catch (error) {
      this.error.show('', error);
    } finally {
      this.submit.ariaBusy = null;
    }
  }
}
