// The console's start: session, header, and which page is shown for which address.

import * as api from './api.js';
import { Meter, announce, h, setAttribute, setText } from './dom.js';
import * as format from './format.js';
import { Store } from './store.js';
import { DefineView } from './views/define.js';
import { ImageView } from './views/image.js';
import { ListView } from './views/list.js';
import { StorageView } from './views/storage.js';
import { VmView } from './views/vm.js';

const main = document.getElementById('main');
const connection = document.getElementById('connection');

/** Host, CPU and memory in the header. */
class HostHeader {
  constructor() {
    this.name = h('dd');
    this.flavor = h('dd');
    this.cpu = new Meter('CPU of the host');
    this.memory = new Meter('Memory of the host');
    this.vms = h('dd');
    this.warning = document.getElementById('host-warning');
    const entries = [['Host', this.name], ['KVM', this.flavor], ['CPU', h('dd', {}, this.cpu.element)],
      ['Memory', h('dd', {}, this.memory.element)], ['VMs', this.vms]];
    document.getElementById('host').append(...entries.map(([label, value]) => h('div', {}, h('dt', {}, label), value)));
  }

  update(host) {
    setText(this.name, `${host.hostName} · ${host.kernelRelease}`);
    setText(this.flavor, host.kvmFlavor);
    this.cpu.set(host.cpuLoad >= 0 ? host.cpuLoad : NaN, `${format.percent(host.cpuLoad)} of ${host.cpuCount}`);
    const used = host.memoryTotalBytes - host.memoryAvailableBytes;
    this.memory.set(used / host.memoryTotalBytes, `${format.bytes(used)} of ${format.bytes(host.memoryTotalBytes)}`);
    setText(this.vms, `${host.runningVirtualMachineCount} running of ${host.virtualMachineCount}`);
    setText(this.warning, host.kvmUnavailableReason);
    this.warning.hidden = host.kvmUnavailableReason === '';
  }
}

function roleNote(session) {
  const note = h('p', { class: 'role-note hint', hidden: session.canDefine });
  note.textContent = session.canOperate
    ? 'You are an operator: defining VMs, adding and removing their devices, and changing disk images needs the role kvmbeans-admin.'
    : 'You are a viewer: everything can be read; actions need the role kvmbeans-operator.';
  return note;
}

function viewFor(hash, context) {
  const [page, ...names] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (page === 'vms' && names[0]) {
    return new VmView(context, names[0]);
  }
  if (page === 'storage') {
    return names[0] && names[1] ? new ImageView(context, names[0], names[1]) : new StorageView(context);
  }
  return page === 'define' ? new DefineView(context) : new ListView(context);
}

/** Marks the part of the console that is shown. */
function markPart(hash) {
  const shown = hash.startsWith('#/storage') ? '#/storage' : '#/';
  for (const link of document.querySelectorAll('.parts a')) {
    setAttribute(link, 'aria-current', link.getAttribute('href') === shown ? 'page' : null);
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function start() {
  const session = await api.openSession();
  document.getElementById('user').textContent = `${session.user} · ${session.role}`;
  document.getElementById('logout').addEventListener('click', () => api.logout().catch(api.goToLogin));

  const store = new Store();
  const context = { session, store, roleNote: () => roleNote(session) };
  const header = new HostHeader();
  let view = null;
  const show = () => {
    const first = view === null;
    view?.dispose();
    view = viewFor(location.hash, context);
    markPart(location.hash);
    document.title = `${view.title} · KVM Beans`;
    main.replaceChildren(view.element);
    view.update();
    if (!first) {
      main.focus();
      announce(view.title);
    }
  };
  store.addEventListener('update', () => {
    header.update(store.host);
    view.update();
  });
  store.addEventListener('state', ({ detail }) => announce(`${detail.name} is ${detail.to}.`));
  store.addEventListener('lost', ({ detail }) => {
    connection.textContent = `What is shown is old: ${detail.message} Trying again.`;
    connection.hidden = false;
  });
  store.addEventListener('found', () => {
    connection.hidden = true;
  });
  document.getElementById('skip-link').addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  window.addEventListener('hashchange', show);
  show();
  await store.refresh();
}

start().catch((error) => {
  connection.textContent = error.message;
  connection.hidden = false;
});
