// The page of one VM.

import { ACTIONS, ADMIN, ActionButtons, ErrorBox, may } from '../actions.js';
import * as api from '../api.js';
import { TimeChart } from '../charts.js';
import { announce, h, setAttribute, setText } from '../dom.js';
import { ExitHistory, totals } from '../exits.js';
import * as format from '../format.js';
import { Poller } from '../store.js';
import { SerialTerminal } from '../terminal.js';
import { changeVcpus } from './device-forms.js';
import { DevicePanels } from './devices.js';
import { MBeanPanel } from './mbeans.js';
import { Facts, KeyedTable } from './parts.js';

export class VmView {
  #context;
  #name;
  #exits = new ExitHistory();
  #lastVcpus = null;
  #terminal = null;
  #poller;

  constructor(context, name) {
    this.#context = context;
    this.#name = name;
    this.title = name;
    this.error = new ErrorBox();
    this.fault = h('p', { class: 'banner fault', hidden: true });
    this.state = h('span', { class: 'state large' });
    this.facts = new Facts(['Uptime', 'CPU', 'Memory in use', 'Process', 'Resets', 'Last stop', 'UUID']);
    this.buttons = new ActionButtons(name, Object.keys(ACTIONS), context.session, (...result) => this.#finished(...result));
    this.vcpus = new KeyedTable('vcpus', ['vCPU', 'State', 'Thread', 'CPU', 'Exits/s', 'Exits', 'Outside guest'], 1);
    this.reasons = new KeyedTable('reasons', ['Reason', 'Now/s', 'Total', 'Mean', 'Longest'], 0);
    this.terminalPlace = h('div', { class: 'terminal-place' });
    this.definition = h('pre', { class: 'definition', tabIndex: 0, 'aria-label': 'Definition as JSON' });
    this.mbeans = new MBeanPanel(name);
    this.devices = new DevicePanels(name, context.session);
    this.vcpuButton = h('button', { type: 'button', 'data-action': 'changeVcpuCount', hidden: true, onclick: () => this.#changeVcpus() }, 'Change the number');
    const cpuPlace = h('div', { class: 'chart', role: 'img', 'aria-label': 'CPU in use over the last two minutes' });
    const exitPlace = h('div', { class: 'chart', id: 'exit-chart', role: 'img', 'aria-label': 'Exits a second by reason over the last two minutes; the table below has the figures' });
    this.element = h('section', { 'aria-labelledby': 'title', class: 'vm' },
      h('div', { class: 'heading' },
        h('a', { href: '#/', class: 'back' }, 'All VMs'), h('h1', { id: 'title' }, name), this.state,
        h('span', { class: 'spacer' }), this.buttons.element),
      context.roleNote(),
      this.error.element,
      this.fault,
      this.facts.element,
      h('div', { class: 'columns' },
        h('div', {},
          h('section', { class: 'panel', 'aria-label': 'Serial console' }, this.terminalPlace),
          h('section', { class: 'panel' },
            h('div', { class: 'panel-bar' }, h('h2', {}, 'vCPUs'), h('span', { class: 'spacer' }), this.vcpuButton), this.vcpus.element)),
        h('div', {},
          h('section', { class: 'panel' }, h('h2', {}, 'Exits a second by reason'), exitPlace, this.reasons.element),
          h('section', { class: 'panel' }, h('h2', {}, 'CPU in use'), cpuPlace))),
      this.devices.element,
      this.mbeans.element,
      h('details', { class: 'panel' }, h('summary', {}, 'Definition'), this.definition));
    this.cpuChart = new TimeChart(cpuPlace, (value) => format.percent(value), 0.1);
    this.exitChart = new TimeChart(exitPlace, (value) => format.rate(value), 10);
    this.#poller = new Poller(() => this.#poll());
    this.#poller.now();
  }

  update() {
    const vm = this.#context.store.vms.get(this.#name);
    if (!vm) {
      return;
    }
    setText(this.state, vm.state);
    setAttribute(this.state, 'data-state', vm.state);
    this.buttons.update(vm.state);
    setText(this.fault, vm.lastError);
    this.fault.hidden = vm.lastError === '';
    this.facts.set('Uptime', vm.uptimeMillis > 0 ? format.duration(vm.uptimeMillis) : '–');
    this.facts.set('CPU', `${format.percent(vm.cpu)} of ${vm.vcpuCount} vCPU${vm.vcpuCount === 1 ? '' : 's'}`);
    this.facts.set('Memory in use', `${format.bytes(vm.memoryResidentBytes)} of ${format.bytes(vm.memoryBytes)}`);
    this.facts.set('Last stop', vm.stopReason === 'NONE' ? '–' : vm.stopReason);
    this.facts.set('UUID', vm.uuid);
    this.cpuChart.show(['CPU in use'], [
      vm.history.map((sample) => sample.time),
      vm.history.map((sample) => (Number.isFinite(sample.cpu) ? sample.cpu : null)),
    ]);
  }

  dispose() {
    this.#poller.stop();
    this.mbeans.dispose();
    this.devices.dispose();
    this.#terminal?.dispose();
    this.cpuChart.dispose();
    this.exitChart.dispose();
  }

  async #poll() {
    let detail;
    try {
      detail = await api.virtualMachine(this.#name);
    } catch (error) {
      if (error.status === 404) {
        this.#gone(error);
        return;
      }
      throw error;
    }
    this.#show(detail);
  }

  #show(detail) {
    this.facts.set('Process', detail.pid > 0 ? String(detail.pid) : '–');
    this.facts.set('Resets', format.count(detail.resetsTotal));
    setText(this.definition, pretty(detail.definition));
    this.#showVcpus(detail);
    this.#showExits(detail);
    this.devices.show(detail);
    this.vcpuButton.hidden = detail.maxVcpuCount <= 1 || !may(this.#context.session, ADMIN);
    if (this.#terminal === null && detail.serialPorts.length > 0) {
      this.#terminal = new SerialTerminal(this.terminalPlace, this.#name,
        detail.serialPorts.map((port) => port.name), this.#context.session.canOperate);
    }
  }

  #showVcpus(detail) {
    const before = this.#lastVcpus;
    const seconds = before === null ? NaN : (detail.nanos - before.nanos) / 1e9;
    const rows = detail.vcpus.map((vcpu) => {
      const old = before?.vcpus.find((candidate) => candidate.id === vcpu.id);
      const perSecond = (key) => (old && vcpu[key] >= old[key] ? (vcpu[key] - old[key]) / seconds : NaN);
      return [String(vcpu.id), vcpu.state, vcpu.threadId > 0 ? String(vcpu.threadId) : '–',
        format.percent(perSecond('cpuTimeNanos') / 1e9), format.rate(perSecond('exitsTotal')),
        format.count(vcpu.exitsTotal), format.nanos(vcpu.exitNanosTotal)];
    });
    this.vcpus.show(rows);
    this.#lastVcpus = detail;
  }

  async #changeVcpus() {
    const { vcpuCount, maxVcpuCount } = this.#lastVcpus;
    if (await changeVcpus(this.#name, vcpuCount, maxVcpuCount) !== null) {
      announce(`${this.#name} was asked for another number of vCPUs.`);
    }
  }

  #showExits(detail) {
    const now = totals(detail.vcpus);
    const rates = this.#exits.add(detail.nanos, now);
    const { labels, data } = this.#exits.series();
    this.exitChart.show(labels, data);
    const rows = [...now].sort((a, b) => b[1].count - a[1].count).map(([reason, total]) => [
      reason, format.rate(rates.get(reason) ?? NaN), format.count(total.count),
      format.nanos(total.totalNanos / total.count), format.nanos(total.maxNanos)]);
    this.reasons.show(rows, (row, cells) => setAttribute(row, 'data-line', String(this.#exits.lineOf(cells[0]) + 1)));
  }

  #finished(error, action, key) {
    if (error) {
      this.error.show(`${action.label} ${this.#name}`, error);
    } else {
      this.error.clear();
      announce(`${this.#name} was ${action.done}.`);
      if (key === 'undefine') {
        location.hash = '#/';
      }
    }
    this.#context.store.refresh();
  }

  #gone(error) {
    this.#poller.stop();
    this.#terminal?.dispose();
    this.#terminal = null;
    this.error.show('', error);
    setText(this.state, 'GONE');
    this.buttons.update('GONE');
  }
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
