// The serial console as a terminal.

import { FitAddon } from '../lib/xterm/addon-fit.mjs';
import { Terminal } from '../lib/xterm/xterm.mjs';
import { h, setAttribute, setText } from './dom.js';
import { SerialLink } from './serial-link.js';
import './xterm-csp.js';

const THEME = {
  background: '#10161d', foreground: '#d5dde5', cursor: '#8fc7f0', cursorAccent: '#10161d', selectionBackground: '#35506b',
  black: '#26303b', red: '#f0837a', green: '#86c98b', yellow: '#dcbf6f', blue: '#7fb4e6', magenta: '#c79be0', cyan: '#74c7c9', white: '#d5dde5',
  brightBlack: '#74808d', brightRed: '#ff9f97', brightGreen: '#a4e0a8', brightYellow: '#f0d68a', brightBlue: '#a2ccf5', brightMagenta: '#dcb9ef', brightCyan: '#96dfe0', brightWhite: '#f4f7fa',
};

export class SerialTerminal {
  #vm;
  #link = null;
  #mayType;
  #live = false;
  #resize;

  constructor(place, vm, ports, mayType) {
    this.#vm = vm;
    this.#mayType = mayType;
    this.status = h('span', { class: 'terminal-status', role: 'status' });
    this.trouble = h('span', { class: 'terminal-trouble', role: 'status' });
    this.screen = h('div', { class: 'screen', 'data-terminal': vm });
    this.reconnect = h('button', { type: 'button', class: 'quiet', onclick: () => this.#connect() }, 'Reconnect');
    this.port = h('select', { 'aria-label': 'Serial port', hidden: ports.length < 2, onchange: () => this.#connect() },
      ...ports.map((port) => h('option', {}, port)));
    const reader = h('input', { type: 'checkbox', id: 'screen-reader', onchange: () => { this.terminal.options.screenReaderMode = reader.checked; } });
    // Takes the focus that leaves the terminal, so that the next Tab goes on after it.
    this.hint = h('p', { class: 'hint terminal-hint', tabIndex: -1 },
      mayType ? 'Shift+Escape leaves the terminal. ' : 'Read only: typing needs the role kvmbeans-operator. ', this.trouble);
    place.replaceChildren(
      h('div', { class: 'terminal-bar' },
        h('h2', {}, 'Serial console'), this.port, this.status, h('span', { class: 'spacer' }),
        h('label', { class: 'hint', for: 'screen-reader' }, reader, 'Screen reader'),
        this.reconnect),
      this.screen,
      this.hint);
    this.#open();
    this.#connect();
  }

  dispose() {
    this.#resize.disconnect();
    this.#link?.dispose();
    this.terminal.dispose();
  }

  #open() {
    const style = getComputedStyle(document.documentElement);
    this.terminal = new Terminal({
      theme: THEME, fontSize: 13, lineHeight: 1.15, scrollback: 10000,
      fontFamily: style.getPropertyValue('--mono').trim(), disableStdin: !this.#mayType, cursorBlink: false,
    });
    const fit = new FitAddon();
    this.terminal.loadAddon(fit);
    this.terminal.open(this.screen);
    this.#resize = new ResizeObserver(() => fit.fit());
    this.#resize.observe(this.screen);
    this.terminal.attachCustomKeyEventHandler((event) => {
      if (event.key === 'Escape' && event.shiftKey) {
        if (event.type === 'keydown') {
          this.hint.focus();
        }
        return false;
      }
      return true;
    });
    // Answers that the terminal gives by itself to old output would reach the guest as typed text: only live ones count.
    this.terminal.onData((text) => {
      if (this.#live && this.#mayType) {
        this.#link.type(text);
      }
    });
  }

  #connect() {
    this.#link?.dispose();
    const link = new SerialLink(this.#vm, this.port.value);
    this.#link = link;
    this.#live = false;
    this.#say('connecting', 'connecting …');
    link.addEventListener('open', () => {
      this.#live = false;
      this.terminal.reset();
    });
    link.addEventListener('live', () => this.terminal.write('', () => {
      this.#live = true;
      this.#say('open', this.#mayType ? 'connected' : 'connected, read only');
    }));
    link.addEventListener('output', ({ detail }) => this.terminal.write(detail, () => link.seen(detail.length)));
    link.addEventListener('lost', ({ detail }) => this.terminal.write(`\r\n\x1b[2m[${detail} bytes are no longer kept]\x1b[0m\r\n`));
    link.addEventListener('trouble', ({ detail }) => setText(this.trouble, detail));
    link.addEventListener('closed', ({ detail }) => {
      this.#live = false;
      this.#say('closed', detail.final ? detail.text : `${detail.text} Connecting again …`);
    });
    link.connect();
  }

  #say(state, text) {
    setAttribute(this.status, 'data-link', state);
    setText(this.status, text);
  }
}
