// A dialog that asks for values, and stays until the server has taken them or the user gives up.

import { ErrorBox } from './actions.js';
import { h, setAttribute, setText } from './dom.js';
import { problemsByField } from './refusals.js';

let number = 0;

/** One field with its label, its hint and the server's objection. */
class Field {
  constructor(id, { key, label, hint = '', kind = 'text', value = '', options = [], wide = false, required = false }) {
    this.key = key;
    this.kind = kind;
    const ids = { id: `${id}-${key}`, name: key, 'aria-describedby': `${id}-${key}-hint ${id}-${key}-problem` };
    if (kind === 'select') {
      this.input = h('select', ids, ...options.map(([text, label]) => h('option', { value: text }, label)));
      this.input.value = value;
    } else if (kind === 'check') {
      this.input = h('input', { ...ids, type: 'checkbox', checked: value === true });
    } else if (kind === 'password') {
      this.input = h('input', { ...ids, type: 'password', autocomplete: 'new-password', maxLength: 512 });
    } else if (kind === 'file') {
      this.input = h('input', { ...ids, type: 'file' });
    } else {
      this.input = h('input', { ...ids, value, autocomplete: 'off', spellcheck: false, maxLength: 4096, inputMode: kind === 'number' ? 'numeric' : 'text' });
    }
    if (required) {
      this.input.setAttribute('aria-required', 'true');
    }
    this.problem = h('p', { class: 'problem', id: `${id}-${key}-problem`, hidden: true });
    const text = h('label', { for: ids.id }, label);
    const note = h('p', { class: 'hint', id: `${id}-${key}-hint` }, hint);
    this.element = kind === 'check'
      ? h('div', { class: 'field check' }, this.input, text, note, this.problem)
      : h('div', { class: wide ? 'field wide' : 'field' }, text, this.input, note, this.problem);
  }

  /** The value; undefined where the field was left empty, so that the server's default holds. */
  get value() {
    if (this.kind === 'check') {
      return this.input.checked;
    }
    if (this.kind === 'file') {
      return this.input.files[0];
    }
    const text = this.kind === 'password' ? this.input.value : this.input.value.trim();
    if (text === '') {
      return undefined;
    }
    // What is no number goes as the text it is: the server says what would be right.
    return this.kind === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  }

  object(problem) {
    setText(this.problem, problem);
    this.problem.hidden = problem === '';
    setAttribute(this.input, 'aria-invalid', problem === '' ? null : 'true');
  }
}

/**
 * Asks for values. "send" gets them by key and returns a promise; where it fails, the server's words are shown beside
 * the fields they are about and the dialog stays. Where the user gives up while it is under way, its AbortSignal tells.
 *
 * @returns a promise of what "send" gave, or null where the user gave up
 */
export function askFor({ title, note = '', fields, verb, send, progress = null }) {
  const id = `form-${++number}`;
  const parts = fields.map((field) => new Field(id, field));
  const error = new ErrorBox();
  const submit = h('button', { type: 'submit', class: 'primary' }, verb);
  const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  const dialog = h('dialog', { class: 'ask', 'aria-labelledby': `${id}-title` },
    h('form', { noValidate: true, onsubmit: (event) => trySending(event) },
      h('h2', { id: `${id}-title` }, title),
      ...(note ? [h('p', { class: 'hint' }, note)] : []),
      h('div', { class: 'fields' }, ...parts.map((part) => part.element)),
      ...(progress ? [progress.element] : []),
      error.element,
      h('div', { class: 'actions end' }, cancel, submit)));
  const before = document.activeElement;
  const giving = new AbortController();
  let answer = null;

  async function trySending(event) {
    event.preventDefault();
    if (submit.ariaBusy === 'true') {
      return;
    }
    submit.ariaBusy = 'true';
    try {
      answer = await send(Object.fromEntries(parts.map((part) => [part.key, part.value])), giving.signal) ?? {};
      dialog.close();
    } catch (refusal) {
      show(refusal);
    } finally {
      submit.ariaBusy = null;
    }
  }

  function show(refusal) {
    const { byField, rest } = problemsByField(refusal.message, parts.map((part) => part.key));
    parts.forEach((part) => part.object(byField.get(part.key) ?? ''));
    if (rest) {
      error.show('', refusal);
    } else {
      error.clear();
    }
    parts.find((part) => byField.has(part.key))?.input.focus();
  }

  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      giving.abort();
      before?.focus();
      resolve(answer);
    });
    dialog.showModal();
  });
}
