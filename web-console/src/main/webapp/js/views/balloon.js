// The memory balloon: what it holds, what the guest says of its memory, and a slider for the target.

import { OPERATOR, may } from '../actions.js';
import * as api from '../api.js';
import { announce, h, setAttribute, setText } from '../dom.js';
import * as format from '../format.js';
import { showState } from './device-table.js';
import { Facts } from './parts.js';

const MIB = 1 << 20;

export class BalloonPanel {
  #vm;
  #session;
  #error;
  #touched = false;

  constructor(vm, session, error) {
    this.#vm = vm;
    this.#session = session;
    this.#error = error;
    this.state = h('span', { class: 'state' });
    this.note = h('span', { class: 'note' });
    this.facts = new Facts(['Holds', 'Target', 'Reported free', 'Guest has', 'Guest free', 'Guest available']);
    this.slider = h('input', {
      type: 'range', id: 'balloon-target', min: '0', step: '1', value: '0', 'aria-describedby': 'balloon-hint',
      oninput: () => { this.#touched = true; this.#say(); },
    });
    this.output = h('output', { for: 'balloon-target' });
    this.set = h('button', { type: 'button', 'data-action': 'changeTarget', onclick: () => this.#change() }, 'Set target');
    this.element = h('section', { class: 'panel', id: 'balloon', hidden: true, 'aria-label': 'Balloon' },
      h('div', { class: 'panel-bar' }, h('h2', {}, 'Balloon'), this.state, this.note),
      this.facts.element,
      h('div', { class: 'balloon-slider' }, h('label', { for: 'balloon-target' }, 'Memory the balloon shall hold'), this.slider, this.output, this.set),
      h('p', { class: 'hint', id: 'balloon-hint' }, 'What the balloon holds is lost to the guest and free for the host.'));
  }

  /** Shows the balloon, or hides the panel where the VM has none. */
  show(balloon, memoryBytes) {
    this.element.hidden = balloon === null;
    if (balloon === null) {
      return;
    }
    showState(this.state, balloon.state);
    setText(this.note, balloon.lastError);
    this.facts.set('Holds', format.bytes(balloon.actualBytes));
    this.facts.set('Target', format.bytes(balloon.targetBytes));
    this.facts.set('Reported free', format.bytes(balloon.reportedFreeBytes));
    this.facts.set('Guest has', format.bytes(balloon.guestTotalBytes));
    this.facts.set('Guest free', format.bytes(balloon.guestFreeBytes));
    this.facts.set('Guest available', format.bytes(balloon.guestAvailableBytes));
    setAttribute(this.slider, 'max', String(Math.floor(memoryBytes / MIB)));
    if (!this.#touched) {
      this.slider.value = String(Math.floor(balloon.targetBytes / MIB));
    }
    const refused = may(this.#session, OPERATOR) ? '' : `Needs the role kvmbeans-${OPERATOR}`;
    setAttribute(this.set, 'aria-disabled', refused ? 'true' : null);
    setAttribute(this.set, 'title', refused || null);
    this.#say();
  }

  #say() {
    const text = format.bytes(Number(this.slider.value) * MIB);
    setText(this.output, text);
    setAttribute(this.slider, 'aria-valuetext', text);
  }

  async #change() {
    if (!may(this.#session, OPERATOR)) {
      return;
    }
    try {
      await api.changeBalloonTarget(this.#vm, Number(this.slider.value) * MIB);
      this.#error.clear();
      this.#touched = false;
      announce(`The balloon of ${this.#vm} was given its target.`);
    } catch (error) {
      this.#error.show(`Balloon of ${this.#vm}`, error);
    }
  }
}
