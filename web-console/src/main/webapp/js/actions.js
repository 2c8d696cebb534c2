// The operations of a VM: when they fit, what they destroy, and the dialog that asks before.

import { act } from './api.js';
import { h, setAttribute, setText } from './dom.js';

/** Roles as the server names them. */
export const OPERATOR = 'operator';
export const ADMIN = 'admin';

/** Every operation. "loses" makes it ask first; "states" are those in which the server accepts it. */
export const ACTIONS = {
  start: { label: 'Start', done: 'started', states: ['STOPPED', 'CRASHED'], role: OPERATOR },
  pause: { label: 'Pause', done: 'paused', states: ['RUNNING'], role: OPERATOR },
  resume: { label: 'Resume', done: 'resumed', states: ['PAUSED'], role: OPERATOR },
  shutdown: { label: 'Shut down', done: 'asked to shut down', states: ['RUNNING'], role: OPERATOR },
  reset: {
    label: 'Reset', done: 'reset', states: ['RUNNING', 'PAUSED'], role: OPERATOR,
    loses: 'The guest boots again at once. What it has not written to its disks is lost.',
  },
  powerOff: {
    label: 'Power off', done: 'powered off', states: ['RUNNING', 'PAUSED'], role: OPERATOR,
    loses: 'The guest stops at once, as if its plug were pulled. What it has not written to its disks is lost.',
  },
  undefine: {
    label: 'Undefine', done: 'undefined', states: ['STOPPED', 'CRASHED'], role: ADMIN,
    loses: 'Its definition is deleted from this host. Its disk images are kept.',
  },
};

/** Whether a session holds a role. */
export function may(session, role) {
  return role === ADMIN ? session.canDefine : session.canOperate;
}

/**
 * The buttons for some operations of one VM. A button that does not fit stays in the page, and can be reached by
 * keyboard, with the reason as its description: so the focus never gets lost when the state changes.
 */
export class ActionButtons {
  #name;
  #session;
  #onResult;
  #busy = '';
  #state = '';
  #buttons = new Map();

  /** onResult gets null, or the error and the label of the operation that failed. */
  constructor(name, keys, session, onResult) {
    this.#name = name;
    this.#session = session;
    this.#onResult = onResult;
    for (const key of keys) {
      const button = h('button', {
        type: 'button',
        class: ACTIONS[key].loses ? 'danger' : key === 'start' ? 'primary' : '',
        'data-action': key,
        'aria-label': `${ACTIONS[key].label} ${name}`,
        onclick: () => this.#press(key),
      }, ACTIONS[key].label);
      this.#buttons.set(key, button);
    }
    this.element = h('div', { class: 'actions', role: 'group', 'aria-label': `Actions on ${name}` }, ...this.#buttons.values());
    this.update('');
  }

  update(state) {
    this.#state = state;
    for (const [key, button] of this.#buttons) {
      const reason = this.#obstacle(key);
      setAttribute(button, 'aria-disabled', reason ? 'true' : null);
      setAttribute(button, 'title', reason || null);
      setAttribute(button, 'aria-busy', this.#busy === key ? 'true' : null);
    }
  }

  #obstacle(key) {
    const action = ACTIONS[key];
    if (!may(this.#session, action.role)) {
      return `Needs the role kvmbeans-${action.role}`;
    }
    if (this.#busy) {
      return 'Another operation is under way';
    }
    if (this.#state === '') {
      return 'The state is not known yet';
    }
    return action.states.includes(this.#state) ? '' : `Not possible while ${this.#state}`;
  }

  async #press(key) {
    if (this.#obstacle(key)) {
      return;
    }
    const action = ACTIONS[key];
    if (action.loses && !(await confirm(`${action.label} ${this.#name}?`, action.loses, action.label))) {
      return;
    }
    this.#busy = key;
    this.update(this.#state);
    try {
      await act(this.#name, key);
      this.#onResult(null, action, key);
    } catch (error) {
      this.#onResult(error, action, key);
    } finally {
      this.#busy = '';
      this.update(this.#state);
    }
  }
}

/** Asks before something is lost; Escape and the first button in the tab order keep everything as it is. */
export function confirm(question, consequence, verb) {
  const dialog = h('dialog', { class: 'confirm', 'aria-labelledby': 'confirm-question', 'aria-describedby': 'confirm-consequence' },
    h('form', { method: 'dialog' },
      h('h2', { id: 'confirm-question' }, question),
      h('p', { id: 'confirm-consequence' }, consequence),
      h('div', { class: 'actions end' },
        h('button', { value: 'cancel', autofocus: true }, 'Cancel'),
        h('button', { value: 'yes', class: 'danger solid' }, verb))));
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === 'yes');
    });
    dialog.showModal();
  });
}

/** A place for the last error: shown as the server said it, until the next success or until it is dismissed. */
export class ErrorBox {
  constructor() {
    this.text = h('span', { class: 'error-text' });
    this.element = h('div', { class: 'error-box', role: 'alert', hidden: true }, this.text,
      h('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, 'Dismiss'));
  }

  show(what, error) {
    setText(this.text, what ? `${what}: ${error.message}` : error.message);
    this.element.hidden = false;
  }

  clear() {
    this.element.hidden = true;
  }
}
