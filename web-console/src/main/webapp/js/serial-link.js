// The connection to a serial port: reconnects by itself, and never holds more than a bounded amount in either direction.
//
// The server sends the guest's output as binary messages and waits while more than a window of it has not been reported
// as shown ("seen"). Input goes one message at a time; the next leaves when the server says that the guest took the last.

import { serialAddress } from './api.js';

const LARGEST_INPUT = 1024;
const LARGEST_QUEUE = 65536;
const SEEN_STEP = 16384;
const RETRY_MILLIS = [500, 1000, 2000, 5000];
const BUSY_MILLIS = [100, 200, 500, 1000, 2000];
/** Close codes that say that trying again is of no use: policy violated, and what the server adds to them. */
const FINAL_CODES = new Set([1008, 4404]);

/** Sends the events "open", "live", "output" (bytes), "lost" (count), "trouble" (text) and "closed" ({text, final}). */
export class SerialLink extends EventTarget {
  #address;
  #socket = null;
  #queue = '';
  #inFlight = '';
  #id = 0;
  #busy = 0;
  #received = 0;
  #reported = 0;
  #attempts = 0;
  #timer = 0;
  #disposed = false;
  #why = '';

  constructor(vm, port) {
    super();
    this.#address = serialAddress(vm, port);
  }

  connect() {
    clearTimeout(this.#timer);
    this.#received = 0;
    this.#reported = 0;
    this.#inFlight = '';
    this.#why = '';
    const socket = new WebSocket(this.#address);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#emit('open');
    socket.onmessage = ({ data }) => (typeof data === 'string' ? this.#control(JSON.parse(data)) : this.#emit('output', new Uint8Array(data)));
    socket.onclose = (event) => this.#closed(event);
    this.#socket = socket;
  }

  /** Types a text. What does not fit any more is dropped, and said so. */
  type(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return;
    }
    if (this.#queue.length + text.length > LARGEST_QUEUE) {
      this.#emit('trouble', `The guest does not take its input: ${text.length} characters were dropped.`);
      return;
    }
    this.#queue += text;
    this.#send();
  }

  /** Reports bytes as shown, which lets the server send more. */
  seen(bytes) {
    this.#received += bytes;
    if (this.#received - this.#reported >= SEEN_STEP && this.#socket?.readyState === WebSocket.OPEN) {
      this.#reported = this.#received;
      this.#socket.send(JSON.stringify({ type: 'seen', bytes: this.#received }));
    }
  }

  dispose() {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #send() {
    if (this.#inFlight === '' && this.#queue !== '') {
      let end = Math.min(LARGEST_INPUT, this.#queue.length);
      if (end < this.#queue.length && /[\ud800-\udbff]/.test(this.#queue[end - 1])) {
        end--; // keeps the two halves of a character together
      }
      this.#inFlight = this.#queue.slice(0, end);
      this.#queue = this.#queue.slice(end);
      this.#id++;
      this.#transmit();
    }
  }

  #transmit() {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#inFlight !== '') {
      this.#socket.send(JSON.stringify({ type: 'input', id: this.#id, text: this.#inFlight }));
    }
  }

  #control(message) {
    switch (message.type) {
      case 'live':
        this.#attempts = 0;
        this.#emit('live');
        break;
      case 'lost':
        this.#emit('lost', message.bytes);
        break;
      case 'taken':
        this.#busy = 0;
        this.#inFlight = '';
        this.#emit('trouble', '');
        this.#send();
        break;
      case 'busy':
        this.#emit('trouble', message.error);
        setTimeout(() => this.#transmit(), BUSY_MILLIS[Math.min(this.#busy++, BUSY_MILLIS.length - 1)]);
        break;
      case 'refused':
        this.#inFlight = '';
        this.#queue = '';
        this.#emit('trouble', message.error);
        break;
      case 'closing':
        this.#why = message.error;
        break;
    }
  }

  #closed(event) {
    if (this.#disposed) {
      return;
    }
    this.#queue = '';
    const final = FINAL_CODES.has(event.code);
    this.#emit('closed', { text: this.#why || event.reason || 'The connection was lost.', final });
    if (!final) {
      const delay = RETRY_MILLIS[Math.min(this.#attempts++, RETRY_MILLIS.length - 1)];
      this.#timer = setTimeout(() => this.connect(), delay);
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
