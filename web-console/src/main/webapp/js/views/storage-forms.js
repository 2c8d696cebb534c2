// What the page asks for to make and change pools and images. The server alone judges it.

import * as api from '../api.js';
import { Meter } from '../dom.js';
import { askFor } from '../form-dialog.js';
import * as format from '../format.js';

const FORMATS = [['qcow2', 'qcow2'], ['raw', 'raw'], ['luks', 'luks: raw, encrypted']];
const PREALLOCATIONS = [['off', 'nothing: it grows as it is written'], ['metadata', 'tables (qcow2)'], ['falloc', 'its room'],
  ['full', 'its room, written']];
const QCOW2 = [
  { key: 'cluster', label: 'Cluster size', hint: '64KiB if empty; qcow2' },
  { key: 'compression', label: 'Compression', kind: 'select', options: [['', 'zlib'], ['zstd', 'zstd']] },
  { key: 'refcountBits', label: 'Bits of a refcount', hint: '16 if empty; qcow2', kind: 'number' },
  { key: 'lazyRefcounts', label: 'Refcounts may be behind while it is open (qcow2)', kind: 'check' },
  { key: 'extendedL2', label: 'Clusters have subclusters (qcow2)', kind: 'check' },
];
const OPTION_KEYS = ['preallocation', 'backing', 'secret', 'compressed', 'cluster', 'compression', 'refcountBits', 'lazyRefcounts', 'extendedL2'];

/** The options of a new image: those that were filled in. */
function options(values) {
  const given = OPTION_KEYS.map((key) => [key, values[key]])
    // A LUKS image has nothing else to choose, and a raw one is not encrypted.
    .filter(([key]) => values.format === 'qcow2' || (values.format === 'luks' ? key === 'secret' : key === 'preallocation'))
    .filter(([key, value]) => value !== undefined && value !== false && !(key === 'preallocation' && value === 'off'));
  return Object.fromEntries(given);
}

/** Bytes with or without a unit as a number; what is neither goes as it is, and the server says what would be right. */
function wholeBytes(text) {
  const bytes = format.parseBytes(text ?? '');
  return Number.isSafeInteger(bytes) ? bytes : text;
}

function backingField(images, hint) {
  return { key: 'backing', label: 'Backing file', hint, kind: 'select', options: [['', 'none'], ...images.map((name) => [name, name])] };
}

/** Asks for a pool and makes it. */
export function addPool() {
  return askFor({
    title: 'Add a pool',
    note: 'A directory of the host; it is made where it is missing.',
    fields: [
      { key: 'name', label: 'Name', hint: 'For example fast', required: true },
      { key: 'quotaBytes', label: 'Quota', hint: 'For example 500GiB; none if empty' },
      { key: 'path', label: 'Directory', hint: 'Absolute path on the host', wide: true, required: true },
      { key: 'backingDirectories', label: 'Further directories for backing files', hint: 'Absolute, with a colon between two; may stay empty', wide: true },
    ],
    verb: 'Add',
    send: ({ name = '', path = '', quotaBytes, backingDirectories = '' }) =>
      api.addPool({ name, path, quotaBytes: wholeBytes(quotaBytes ?? '0'), backingDirectories }),
  });
}

function secretField(secrets) {
  return { key: 'secret', label: 'Encrypted with', hint: 'A secret; qcow2 and luks', kind: 'select', options: [['', 'not encrypted'], ...secrets.map((name) => [name, name])] };
}

/** Asks for an image and creates it. */
export function createImage(pool, images, secrets) {
  return askFor({
    title: `Create an image in ${pool}`,
    fields: [
      { key: 'name', label: 'Name of the file', hint: 'For example web01.qcow2', required: true },
      { key: 'format', label: 'Format', kind: 'select', value: 'qcow2', options: FORMATS },
      { key: 'bytes', label: 'Size', hint: 'For example 20GiB; empty: as the backing file' },
      backingField(images, 'It shows what this one shows, until it is written; qcow2'),
      secretField(secrets),
      { key: 'preallocation', label: 'Allocated from the beginning', kind: 'select', value: 'off', options: PREALLOCATIONS },
      ...QCOW2,
    ],
    verb: 'Create',
    send: (values) => api.createImage(pool, {
      name: values.name ?? '', format: values.format, bytes: wholeBytes(values.bytes ?? '0'), options: options(values),
    }),
  });
}

/** Asks for a file of the user's and sends it. */
export function uploadImage(pool) {
  const meter = new Meter('Sent');
  meter.element.hidden = true;
  const field = (key, label, hint, more = {}) => ({ key, label, hint, ...more });
  return askFor({
    title: `Upload an image to ${pool}`,
    note: 'The format is what you say: it is never guessed. Closing this calls the upload off.',
    fields: [
      field('file', 'File', '', { kind: 'file', wide: true, required: true }),
      field('name', 'Name in the pool', 'As the file if empty'),
      field('format', 'Format', '', { kind: 'select', value: 'qcow2', options: FORMATS }),
    ],
    verb: 'Upload',
    progress: meter,
    send: async ({ file, name, format: chosen }, signal) => {
      if (!file) {
        throw new Error('file is missing; choose one');
      }
      meter.element.hidden = false;
      return api.uploadImage(pool, name ?? file.name, chosen, file, {
        signal,
        progress: (sent, all) => meter.set(sent / all, `${format.bytes(sent)} of ${format.bytes(all)}`),
      });
    },
  });
}

/** Asks what a file is. */
export function registerFile(pool, name) {
  return askFor({
    title: `Register ${name}`,
    note: 'Say what the file is: a format is never guessed, since whoever wrote the file could choose what is opened.',
    fields: [{ key: 'format', label: 'Format', kind: 'select', value: 'raw', options: FORMATS }],
    verb: 'Register',
    send: ({ format: chosen }) => api.registerImage(pool, name, chosen),
  });
}

/** Asks for a secret and keeps it. */
export function defineSecret() {
  return askFor({
    title: 'Define a secret',
    note: 'Kept in a file that the server alone can read. It can be used and replaced, never read.',
    fields: [
      { key: 'name', label: 'Name', hint: 'For example web01', required: true },
      { key: 'value', label: 'Passphrase', kind: 'password', required: true },
    ],
    verb: 'Keep',
    send: ({ name = '', value = '' }) => api.defineSecret(name, value),
  });
}

/** Asks where images may lie. */
export function changePolicy(policy) {
  return askFor({
    title: 'Where images may lie',
    fields: [{
      key: 'policy', label: 'Rule', kind: 'select', value: policy, wide: true,
      options: [
        ['POOLS', 'POOLS: in pools only'],
        ['DEFINITIONS', 'DEFINITIONS: where a definition says; what an image leads to, in pools'],
        ['ANYWHERE', 'ANYWHERE: whatever an image may say'],
      ],
    }],
    verb: 'Change',
    send: ({ policy: chosen }) => api.changeDiskPathPolicy(chosen),
  });
}

/** Asks for a copy of an image. */
export function convertImage(image, pools, images, secrets) {
  return askFor({
    title: `Convert ${image.name}`,
    note: 'Makes a new image of what this one shows. This one stays as it is.',
    fields: [
      { key: 'targetPool', label: 'Pool', kind: 'select', value: image.pool, options: pools.map((name) => [name, name]) },
      { key: 'targetName', label: 'Name of the new file', required: true },
      { key: 'format', label: 'Format', kind: 'select', value: 'qcow2', options: FORMATS },
      { key: 'preallocation', label: 'Allocated from the beginning', kind: 'select', value: 'off', options: PREALLOCATIONS },
      backingField(images, 'What it shows already is not copied; qcow2'),
      secretField(secrets),
      { key: 'compressed', label: 'Compressed (qcow2)', kind: 'check' },
      ...QCOW2,
    ],
    verb: 'Convert',
    send: (values) => api.actOnImage(image.pool, image.name, 'convert', {
      targetPool: values.targetPool, targetName: values.targetName ?? '', format: values.format, options: options(values),
    }),
  });
}

/** Asks for an overlay of an image. */
export function overlayImage(image) {
  return askFor({
    title: `Create an overlay of ${image.name}`,
    note: 'A qcow2 image that shows what this one shows and takes what is written from then on. This one must not be written any more.',
    fields: [{ key: 'name', label: 'Name of the new file', required: true, wide: true }],
    verb: 'Create',
    send: ({ name = '' }) => api.createImage(image.pool, {
      name, format: 'qcow2', bytes: 0, options: { backing: `${image.pool}/${image.name}` },
    }),
  });
}

/** Asks for the new size of an image. */
export function resizeImage(image) {
  return askFor({
    title: `Change the size of ${image.name}`,
    note: `It has ${format.bytes(image.sizeBytes)} now. Shrinking loses what lies beyond the new end.`,
    fields: [{ key: 'bytes', label: 'New size', hint: 'For example 20GiB, or bytes', value: String(image.sizeBytes), wide: true, required: true }],
    verb: 'Change the size',
    send: ({ bytes }) => api.actOnImage(image.pool, image.name, 'resize', { bytes: wholeBytes(bytes) }),
  });
}

/** Asks for the image to compare with. */
export function compareImage(image, images) {
  return askFor({
    title: `Compare ${image.name}`,
    fields: [{ key: 'other', label: 'With', kind: 'select', value: images[0] ?? '', wide: true, options: images.map((name) => [name, name]) }],
    verb: 'Compare',
    send: ({ other = '/' }) => {
      const [otherPool, otherName] = other.split('/');
      return api.actOnImage(image.pool, image.name, 'compare', { otherPool, otherName });
    },
  });
}

/** Asks for the format to measure for. */
export function measureImage(image) {
  return askFor({
    title: `Measure a copy of ${image.name}`,
    fields: [{ key: 'format', label: 'Format of the copy', kind: 'select', value: 'qcow2', options: FORMATS }],
    verb: 'Measure',
    send: ({ format: chosen }) => api.actOnImage(image.pool, image.name, 'measure', { format: chosen }),
  });
}

/** Asks for another backing file. */
export function rebaseImage(image, images) {
  return askFor({
    title: `Rebase ${image.name}`,
    fields: [
      backingField(images, 'The image that it is to lie on'),
      {
        key: 'contents', label: 'Contents', kind: 'select', value: 'KEEP',
        options: [['KEEP', 'stay: differences are copied'], ['FOLLOW', 'follow: the reference alone is changed']],
      },
    ],
    verb: 'Rebase',
    send: ({ backing = '', contents }) => api.actOnImage(image.pool, image.name, 'rebase', { backing, contents }),
  });
}

/** Asks what to repair. */
export function repairImage(image) {
  return askFor({
    title: `Repair ${image.name}`,
    note: 'Check it first. Entries that lead nowhere are dropped, and what they led to is lost.',
    fields: [{
      key: 'what', label: 'What', kind: 'select', value: 'LEAKS', wide: true,
      options: [['LEAKS', 'leaks: room that is lost'], ['ALL', 'all that is wrong']],
    }],
    verb: 'Repair',
    send: ({ what }) => api.actOnImage(image.pool, image.name, 'repair', { what }),
  });
}

/** Asks for the secret that opens an image. */
export function useSecret(image, secrets) {
  return askFor({
    title: `The secret of ${image.name}`,
    fields: [{
      key: 'secret', label: 'Secret', kind: 'select', value: image.secret, wide: true,
      options: [['', 'none'], ...secrets.map((name) => [name, name])],
    }],
    verb: 'Use',
    send: ({ secret = '' }) => api.actOnImage(image.pool, image.name, 'useSecret', { secret }),
  });
}

/** Asks for another secret that is to open an image: action is addKey or changeKey. */
export function chooseKey(image, secrets, action) {
  const adds = action === 'addKey';
  return askFor({
    title: `${adds ? 'Add a key to' : 'Change the key of'} ${image.name}`,
    note: adds ? 'The secret opens the image as well, by a key slot of its own.' : 'The secret opens the image from then on, and the former one does not.',
    fields: [{ key: 'secret', label: 'Secret', kind: 'select', value: secrets[0] ?? '', wide: true, options: secrets.map((name) => [name, name]) }],
    verb: adds ? 'Add' : 'Change',
    send: ({ secret = '' }) => api.actOnImage(image.pool, image.name, action, { secret }),
  });
}

/** Asks which key slot is to be freed. */
export function removeKey(image) {
  return askFor({
    title: `Remove a key of ${image.name}`,
    note: `Slots in use: ${image.keySlots.join(', ')}. Its passphrase opens the image no more.`,
    fields: [{ key: 'slot', label: 'Key slot', kind: 'select', value: String(image.keySlots.at(-1) ?? ''), options: image.keySlots.map((slot) => [String(slot), String(slot)]) }],
    verb: 'Remove',
    send: ({ slot }) => api.actOnImage(image.pool, image.name, 'removeKey', { slot: Number(slot) }),
  });
}

/** Asks what a snapshot is to be called. */
export function createSnapshot(image) {
  return askFor({
    title: `Take a snapshot of ${image.name}`,
    note: 'Kept in the image itself. No running VM may have the disk.',
    fields: [{ key: 'snapshot', label: 'Name', hint: 'For example before-upgrade', required: true, wide: true }],
    verb: 'Take',
    send: ({ snapshot = '' }) => api.actOnImage(image.pool, image.name, 'createSnapshot', { snapshot }),
  });
}

/** Asks where an image is to be offered. */
export function startExport(image) {
  return askFor({
    title: `Export ${image.name} over NBD`,
    note: 'Whoever reaches the address may use it: there is no password.',
    fields: [
      { key: 'host', label: 'Address', value: '127.0.0.1', required: true },
      { key: 'port', label: 'Port', hint: '0: one that is free', kind: 'number', value: '0' },
      { key: 'writable', label: 'Clients may write', kind: 'check' },
    ],
    verb: 'Export',
    send: ({ host = '', port = 0, writable }) => api.actOnImage(image.pool, image.name, 'startExport', { host, port, writable }),
  });
}
