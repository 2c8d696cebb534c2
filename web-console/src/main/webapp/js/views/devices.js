// The virtio devices of a VM: disks, network interfaces, balloon and queues, with live throughput.

import { ADMIN, ErrorBox, OPERATOR, confirm, may } from '../actions.js';
import * as api from '../api.js';
import { TimeChart } from '../charts.js';
import { announce, h } from '../dom.js';
import * as format from '../format.js';
import { RateHistory } from '../rates.js';
import { BalloonPanel } from './balloon.js';
import * as forms from './device-forms.js';
import { DeviceTable } from './device-table.js';
import { KeyedTable } from './parts.js';

/** Smallest upper end of a throughput axis, in bytes a second: noise near zero stays flat. */
const QUIET_BYTES = 64 * 1024;

const DISK_COLUMNS = [
  { label: 'Image', text: (disk) => `${disk.path} · ${disk.format} · ${disk.cacheMode.toLowerCase()}${disk.readOnly ? ' · read-only' : ''}` },
  { label: 'Size', figure: true, text: (disk) => (disk.sizeBytes > 0 ? format.bytes(disk.sizeBytes) : '–') },
  { label: 'Allocated', figure: true, text: (disk) => (disk.allocatedBytes > 0 ? format.bytes(disk.allocatedBytes) : '–') },
  { label: 'Read', figure: true, text: (disk, rate) => format.byteRate(rate(`${disk.name} read`)) },
  { label: 'Written', figure: true, text: (disk, rate) => format.byteRate(rate(`${disk.name} written`)) },
  { label: 'Requests/s', figure: true, text: (disk, rate) => format.rate(rate(`${disk.name} requests`)) },
  { label: 'Mean latency', figure: true, text: (disk, rate) => meanLatency(disk, rate) },
  { label: 'In flight', figure: true, text: (disk) => format.count(disk.usage.inFlightCount) },
  { label: 'Throttled', figure: true, text: (disk, rate) => format.percent(rate(`${disk.name} throttled`) / 1e9) },
  { label: 'Errors', figure: true, text: (disk) => format.count(disk.usage.errorsTotal) },
];

const NIC_COLUMNS = [
  { label: 'Link', text: (nic) => (nic.linkUp ? 'up' : 'down') },
  { label: 'Address', text: (nic) => nic.macAddress },
  { label: 'Carried by', text: (nic) => [nic.backend.toLowerCase(), nic.hostInterface, nic.bridge].filter(Boolean).join(' · ') },
  { label: 'Received', figure: true, text: (nic, rate) => format.byteRate(rate(`${nic.name} received`)) },
  { label: 'Transmitted', figure: true, text: (nic, rate) => format.byteRate(rate(`${nic.name} transmitted`)) },
  { label: 'Packets/s', figure: true, text: (nic, rate) => format.rate(rate(`${nic.name} packets`)) },
  { label: 'Dropped', figure: true, text: (nic) => format.count(nic.usage.receiveDropsTotal + nic.usage.transmitDropsTotal) },
  { label: 'Errors', figure: true, text: (nic) => format.count(nic.usage.receiveErrorsTotal + nic.usage.transmitErrorsTotal) },
];

const QUEUE_HEADINGS = ['Queue', 'Ring', 'Size', 'Requests/s', 'From guest', 'To guest', 'Depth', 'Kicks/s', 'Interrupts/s', 'Errors'];

export class DevicePanels {
  #vm;
  #session;
  #rates = new RateHistory();

  constructor(vm, session) {
    this.#vm = vm;
    this.#session = session;
    this.error = new ErrorBox();
    const run = (action, device) => this.#run(action, device);
    this.disks = new DeviceTable('disks', DISK_COLUMNS, this.#diskActions(), session, run);
    this.nics = new DeviceTable('nics', NIC_COLUMNS, this.#nicActions(), session, run);
    this.others = new DeviceTable('others', [
      { label: 'Kind', text: (device) => device.type },
      { label: 'Features', text: (device) => device.featureNames.join(', ') || '–' },
    ], [], session, run);
    this.queues = new KeyedTable('queues', QUEUE_HEADINGS, 1);
    this.balloon = new BalloonPanel(vm, session, this.error);
    const diskPlace = h('div', { class: 'chart', id: 'disk-chart', role: 'img', 'aria-label': 'Bytes a second of the disks over the last two minutes; the table has the figures' });
    const nicPlace = h('div', { class: 'chart', id: 'nic-chart', role: 'img', 'aria-label': 'Bytes a second of the network interfaces over the last two minutes; the table has the figures' });
    this.diskPart = h('div', {}, diskPlace);
    this.nicPart = h('div', {}, nicPlace);
    this.element = h('section', { class: 'devices', id: 'devices', 'aria-label': 'Devices' },
      this.error.element,
      this.#panel('Disks', this.#addButton('disks', 'Add a disk', forms.addDisk), this.disks.element, this.diskPart),
      this.#panel('Network interfaces', this.#addButton('nics', 'Add a network interface', forms.addNic), this.nics.element, this.nicPart),
      this.balloon.element,
      h('details', { class: 'panel', id: 'queue-panel' }, h('summary', {}, 'Queues and other devices'), this.others.element, this.queues.element));
    this.diskChart = new TimeChart(diskPlace, (value) => format.byteRate(value), QUIET_BYTES, true);
    this.nicChart = new TimeChart(nicPlace, (value) => format.byteRate(value), QUIET_BYTES, true);
  }

  dispose() {
    this.diskChart.dispose();
    this.nicChart.dispose();
  }

  /** Shows one answer of the server. */
  show(detail) {
    const { disks, nics, balloon, others, queues } = detail.devices;
    this.#rates.add(detail.nanos, counters(detail.devices));
    const rate = (key) => this.#rates.now(key);
    this.disks.show(disks, rate);
    this.nics.show(nics, rate);
    this.others.show(others, rate);
    this.balloon.show(balloon, detail.memoryBytes);
    this.queues.show(queues.map((queue) => queueRow(queue, rate)));
    this.#draw(this.diskPart, this.diskChart, disks.flatMap(({ name }) => [`${name} read`, `${name} written`]));
    this.#draw(this.nicPart, this.nicChart, nics.flatMap(({ name }) => [`${name} received`, `${name} transmitted`]));
  }

  #draw(part, chart, keys) {
    part.hidden = keys.length === 0;
    if (keys.length > 0) {
      const { labels, data } = this.#rates.series(keys);
      chart.show(labels, data);
    }
  }

  #panel(title, button, ...content) {
    return h('section', { class: 'panel' },
      h('div', { class: 'panel-bar' }, h('h2', {}, title), h('span', { class: 'spacer' }), button), ...content);
  }

  #addButton(kind, label, ask) {
    const button = h('button', { type: 'button', 'data-add': kind, onclick: () => this.#add(ask) }, label);
    if (!may(this.#session, ADMIN)) {
      button.setAttribute('aria-disabled', 'true');
      button.title = `Needs the role kvmbeans-${ADMIN}`;
    }
    return button;
  }

  async #add(ask) {
    const answer = may(this.#session, ADMIN) ? await ask(this.#vm) : null;
    if (answer !== null) {
      this.error.clear();
      announce(`${answer.name} was added to ${this.#vm}.`);
    }
  }

  #diskActions() {
    const off = (disk) => (disk.state === 'DETACHED' ? 'Only a running VM can be told of a new size' : '');
    const idle = (disk) => (disk.state === 'DETACHED' ? 'The VM is off: see the image on the page Storage' : '');
    const job = (action, label) => simple(action, label, ADMIN, (disk) => this.#startJob(action, disk), idle);
    return [
      job('snapshot', 'Snapshot'), job('mirror', 'Mirror'), job('backup', 'Back up'), job('stream', 'Stream'), job('commit', 'Commit'),
      simple('resize', 'Resize', ADMIN, (disk) => forms.resizeDisk(this.#vm, disk), off),
      simple('limit', 'Limit', OPERATOR, (disk) => forms.limitDevice(this.#vm, 'disks', disk, 'limit', 'what may move through', disk.limits)),
      this.#remove('disks', 'The guest loses the disk, and the definition too. The image is kept.'),
    ];
  }

  async #startJob(action, disk) {
    const answer = action === 'stream' || action === 'commit'
      ? await api.startDiskJob(this.#vm, disk.name, action)
      : await forms.startDiskJob(this.#vm, disk, action);
    if (answer?.job) {
      announce(`Job ${answer.job} has begun: see the page Storage.`);
    }
  }

  #nicActions() {
    const limit = (action, direction, limits) => (nic) => forms.limitDevice(this.#vm, 'nics', nic, action, direction, nic[limits]);
    return [
      {
        key: (nic) => (nic.linkUp ? 'linkDown' : 'linkUp'),
        label: (nic) => (nic.linkUp ? 'Link down' : 'Link up'),
        role: OPERATOR,
        run: (nic) => api.actOnDevice(this.#vm, 'nics', nic.name, nic.linkUp ? 'linkDown' : 'linkUp'),
      },
      simple('limitReceive', 'Limit in', OPERATOR, limit('limitReceive', 'what the guest receives through', 'receiveLimits')),
      simple('limitTransmit', 'Limit out', OPERATOR, limit('limitTransmit', 'what the guest transmits through', 'transmitLimits')),
      this.#remove('nics', 'The guest loses the network interface, and the definition too.'),
    ];
  }

  #remove(kind, consequence) {
    const run = async (device) => {
      if (!(await confirm(`Remove ${device.name} from ${this.#vm}?`, consequence, 'Remove'))) {
        return null;
      }
      return api.actOnDevice(this.#vm, kind, device.name, 'remove');
    };
    return { ...simple('remove', 'Remove', ADMIN, run), danger: true };
  }

  async #run(action, device) {
    const label = action.label(device);
    try {
      await action.run(device);
      this.error.clear();
    } catch (error) {
      this.error.show(`${label} ${device.name}`, error);
    }
  }
}

function simple(key, label, role, run, obstacle) {
  return { key: () => key, label: () => label, role, run, obstacle };
}

/** Every counter of which the page shows a rate, by the key under which it does. */
function counters({ disks, nics, queues }) {
  const values = new Map();
  for (const { name, usage, latency } of disks) {
    values.set(`${name} read`, usage.bytesRead);
    values.set(`${name} written`, usage.bytesWritten);
    values.set(`${name} requests`, usage.readsTotal + usage.writesTotal + usage.flushesTotal + usage.discardsTotal);
    values.set(`${name} throttled`, usage.throttledNanos);
    values.set(`${name} latency`, latency.totalNanos);
    values.set(`${name} measured`, latency.count);
  }
  for (const { name, usage } of nics) {
    values.set(`${name} received`, usage.bytesReceived);
    values.set(`${name} transmitted`, usage.bytesTransmitted);
    values.set(`${name} packets`, usage.packetsReceivedTotal + usage.packetsTransmittedTotal);
  }
  for (const queue of queues) {
    const key = queueKey(queue);
    values.set(`${key} requests`, queue.requestsTotal);
    values.set(`${key} from`, queue.bytesFromGuest);
    values.set(`${key} to`, queue.bytesToGuest);
    values.set(`${key} kicks`, queue.notificationsTotal);
    values.set(`${key} interrupts`, queue.interruptsTotal);
  }
  return values;
}

function meanLatency(disk, rate) {
  const perSecond = rate(`${disk.name} measured`);
  return perSecond > 0 ? format.nanos(rate(`${disk.name} latency`) / perSecond) : '–';
}

function queueKey(queue) {
  return `${queue.device}:${queue.id}`;
}

function queueRow(queue, rate) {
  const key = queueKey(queue);
  return [key, queue.enabled ? queue.ringFormat.toLowerCase() : 'not in use', String(queue.size),
    format.rate(rate(`${key} requests`)), format.byteRate(rate(`${key} from`)), format.byteRate(rate(`${key} to`)),
    format.count(queue.depth), format.rate(rate(`${key} kicks`)), format.rate(rate(`${key} interrupts`)),
    format.count(queue.errorsTotal)];
}
