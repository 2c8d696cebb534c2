// What the page asks for to add or change a device. The server alone judges it.

import * as api from '../api.js';
import { askFor } from '../form-dialog.js';
import * as format from '../format.js';

const FORMATS = [['raw', 'raw'], ['qcow2', 'qcow2'], ['luks', 'luks']];
const CACHE_MODES = ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'];
const ERROR_POLICIES = [['report', 'report: the guest is told'], ['stop', 'stop: the VM is paused'], ['ignore', 'ignore']];
const BACKENDS = [['', 'as bridge and TAP suggest'], ['vhost', 'vhost: TAP and the kernel'], ['tap', 'tap: TAP and our threads'],
  ['user', 'user: passt, no privileges']];

/** Asks for a disk and adds it. */
export function addDisk(vm) {
  return askFor({
    title: `Add a disk to ${vm}`,
    fields: [
      { key: 'name', label: 'Name', hint: 'For example vdb', required: true },
      { key: 'serial', label: 'Serial number', hint: 'May stay empty' },
      { key: 'queues', label: 'Queues', hint: '1 if empty', kind: 'number' },
      { key: 'path', label: 'Image or block device', hint: 'Path on the host', wide: true, required: true },
      { key: 'format', label: 'Format', kind: 'select', value: 'raw', options: FORMATS },
      { key: 'cache', label: 'Cache mode', kind: 'select', value: 'writeback', options: CACHE_MODES.map((mode) => [mode, mode]) },
      { key: 'onError', label: 'On an error of the host', kind: 'select', value: 'report', options: ERROR_POLICIES },
      { key: 'readOnly', label: 'The guest may only read', kind: 'check' },
      { key: 'discard', label: 'The guest may give space back', kind: 'check', value: true },
    ],
    verb: 'Add',
    send: (values) => api.addDevice(vm, 'disks', values),
  });
}

/** Asks for a network interface and adds it. */
export function addNic(vm) {
  return askFor({
    title: `Add a network interface to ${vm}`,
    fields: [
      { key: 'name', label: 'Name', hint: 'For example eth1', required: true },
      { key: 'mac', label: 'MAC address', hint: 'One of its own if empty' },
      { key: 'queues', label: 'Pairs of queues', hint: '1 if empty', kind: 'number' },
      { key: 'backend', label: 'Carried by', kind: 'select', options: BACKENDS },
      { key: 'bridge', label: 'Bridge', hint: 'On the host; may stay empty' },
      { key: 'tap', label: 'TAP interface', hint: 'On the host; may stay empty' },
      { key: 'mtu', label: 'MTU', hint: 'Bytes; 68 to 65535', kind: 'number' },
      { key: 'allowSpoofing', label: 'The guest may send from other MAC addresses', kind: 'check' },
    ],
    verb: 'Add',
    send: (values) => api.addDevice(vm, 'nics', values),
  });
}

/** Asks for a disk's new size. */
export function resizeDisk(vm, disk) {
  return askFor({
    title: `Change the size of ${disk.name}`,
    note: `It has ${format.bytes(disk.sizeBytes)} now. Shrinking loses what lies beyond the new end.`,
    fields: [{ key: 'bytes', label: 'New size', hint: 'For example 20GiB, or bytes', value: String(disk.sizeBytes), wide: true, required: true }],
    verb: 'Change the size',
    send: ({ bytes }) => api.actOnDevice(vm, 'disks', disk.name, 'resize', { bytes: wholeBytes('bytes', bytes) }),
  });
}

/** Asks for rate limits. */
export function limitDevice(vm, kind, device, action, direction, limits) {
  const field = (key, label, hint) => ({ key, label, hint, value: limits[key] === 0 ? '' : String(limits[key]) });
  return askFor({
    title: `Limit ${direction} ${device.name}`,
    note: 'An empty field is no limit; an empty burst is one second of its rate.',
    fields: [
      field('bytesPerSecond', 'Bytes a second', 'For example 50MiB'),
      field('burstBytes', 'Bytes at once', 'For example 200MiB'),
      field('operationsPerSecond', kind === 'disks' ? 'Requests a second' : 'Packets a second', 'A whole number'),
      field('burstOperations', kind === 'disks' ? 'Requests at once' : 'Packets at once', 'A whole number'),
    ],
    verb: 'Limit',
    send: (values) => api.actOnDevice(vm, kind, device.name, action,
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, wholeBytes(key, value ?? '0')]))),
  });
}

const DISK_JOBS = {
  snapshot: {
    verb: 'Keep',
    note: 'Keeps what the disk holds now: a new qcow2 image comes over the present one, which is written no more. The guest goes on.',
  },
  mirror: {
    verb: 'Mirror',
    note: 'Copies the disk and keeps the copy equal. When its job is READY, completing it has the disk go on with the copy.',
  },
  backup: { verb: 'Back up', note: 'Copies the disk as it is now. What the guest writes meanwhile is not in the copy.' },
};

/** Asks where an operation on a running VM's disk makes its new image: action is snapshot, mirror or backup. */
export async function startDiskJob(vm, disk, action) {
  const { pools } = await api.storage();
  const { verb, note } = DISK_JOBS[action];
  return askFor({
    title: `${verb} ${disk.name} of ${vm}`,
    note,
    fields: [
      { key: 'pool', label: 'Pool', kind: 'select', value: pools[0]?.name ?? '', options: pools.map(({ name }) => [name, name]) },
      { key: 'name', label: 'Name of the new file', required: true },
      ...(action === 'snapshot' ? [] : [{ key: 'format', label: 'Format', kind: 'select', value: 'qcow2', options: FORMATS.slice(0, 2) }]),
    ],
    verb,
    send: ({ pool = '', name = '', format: chosen = 'qcow2' }) => api.startDiskJob(vm, disk.name, action, { pool, name, format: chosen }),
  });
}

/** Asks for the number of vCPUs. */
export function changeVcpus(vm, now, most) {
  return askFor({
    title: `Change the vCPUs of ${vm}`,
    note: `It has ${now} of at most ${most}. A running guest gives vCPUs back at its own pace.`,
    fields: [{ key: 'count', label: 'vCPUs', hint: `1 to ${most}`, kind: 'number', value: String(now), required: true }],
    verb: 'Change',
    send: ({ count }) => api.changeVcpuCount(vm, count),
  });
}

/** Bytes with or without a unit as a number; what is neither goes to the server as it is, which says what would be right. */
function wholeBytes(key, text) {
  const bytes = /bytes/i.test(key) ? format.parseBytes(text ?? '') : /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(bytes) ? bytes : text;
}
