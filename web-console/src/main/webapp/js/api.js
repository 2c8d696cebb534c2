// Requests to the server. Every error is an ApiError with the message the server wrote.

/** What the server refused, in its own words. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

let csrfToken = '';

/** Who is logged in and what the user may do; keeps the token that changes need. */
export async function openSession() {
  const session = await request('GET', 'api/session');
  csrfToken = session.csrfToken;
  return session;
}

/** Host and all VMs, one request a second. */
export function summary() {
  return request('GET', 'api/summary');
}

/** One VM with its vCPUs and serial ports. */
export function virtualMachine(name) {
  return request('GET', `api/vms/${encodeURIComponent(name)}`);
}

/** Every MBean of one VM with its attributes. */
export function mbeans(name) {
  return request('GET', `api/vms/${encodeURIComponent(name)}/mbeans`);
}

/** Runs an operation of a VM. */
export function act(name, action) {
  return request('POST', `api/vms/${encodeURIComponent(name)}/actions/${action}`, '{}');
}

/** Defines a VM from the text of its JSON document, sent as it was written. */
export function define(json) {
  return request('POST', 'api/vms', json);
}

/** Adds a disk or a NIC: kind is "disks" or "nics", device as in a definition. */
export function addDevice(vm, kind, device) {
  return request('POST', `api/vms/${encodeURIComponent(vm)}/${kind}`, JSON.stringify(device));
}

/** Runs an operation of a disk or a NIC. */
export function actOnDevice(vm, kind, device, action, values = {}) {
  const path = `api/vms/${encodeURIComponent(vm)}/${kind}/${encodeURIComponent(device)}/actions/${action}`;
  return request('POST', path, JSON.stringify(values));
}

/** Asks the guest to fill or empty its balloon to a size in bytes. */
export function changeBalloonTarget(vm, bytes) {
  return request('POST', `api/vms/${encodeURIComponent(vm)}/balloon/actions/changeTarget`, JSON.stringify({ bytes }));
}

/** Plugs vCPUs in, or asks for some back. */
export function changeVcpuCount(vm, count) {
  return request('POST', `api/vms/${encodeURIComponent(vm)}/vcpus`, JSON.stringify({ count }));
}

const POOLS = 'api/storage/pools';

function poolPath(pool) {
  return `${POOLS}/${encodeURIComponent(pool)}`;
}

function imagePath(pool, image) {
  return `${poolPath(pool)}/images/${encodeURIComponent(image)}`;
}

/** Pools with their images, jobs, and the names of secrets. */
export function storage() {
  return request('GET', 'api/storage');
}

/** One image with its chain, snapshots and bitmaps. */
export function image(pool, name) {
  return request('GET', imagePath(pool, name));
}

/** Makes a directory a pool. */
export function addPool(values) {
  return request('POST', POOLS, JSON.stringify(values));
}

/** Runs an operation of a pool: refresh or remove. */
export function actOnPool(pool, action) {
  return request('POST', `${poolPath(pool)}/actions/${action}`, '{}');
}

/** Changes where images may lie. */
export function changeDiskPathPolicy(policy) {
  return request('POST', 'api/storage/policy', JSON.stringify({ policy }));
}

/** Creates an image; gives the number of the job that does it. */
export function createImage(pool, values) {
  return request('POST', `${poolPath(pool)}/images`, JSON.stringify(values));
}

/** Says what a file of a pool is. */
export function registerImage(pool, name, format) {
  return request('POST', `${poolPath(pool)}/files/${encodeURIComponent(name)}/actions/register`, JSON.stringify({ format }));
}

/** Runs an operation of an image; where it takes long, gives the number of its job. */
export function actOnImage(pool, name, action, values = {}) {
  return request('POST', `${imagePath(pool, name)}/actions/${action}`, JSON.stringify(values));
}

/** Starts a job on the disk of a VM that is on; gives its number. */
export function startDiskJob(vm, disk, action, values = {}) {
  const path = `api/vms/${encodeURIComponent(vm)}/disks/${encodeURIComponent(disk)}/jobs/${action}`;
  return request('POST', path, JSON.stringify(values));
}

/** Cancels or completes a job. */
export function actOnJob(id, action) {
  return request('POST', `api/storage/jobs/${id}/actions/${action}`, '{}');
}

/** Keeps a secret, or replaces it. */
export function defineSecret(name, value) {
  return request('POST', 'api/storage/secrets', JSON.stringify({ name, value }));
}

/** Forgets a secret. */
export function removeSecret(name) {
  return request('POST', `api/storage/secrets/${encodeURIComponent(name)}/actions/remove`, '{}');
}

/** Where an image's file is downloaded from. */
export function imageContent(pool, name) {
  return `${imagePath(pool, name)}/content`;
}

/** Sends a file as an image; progress gets bytes sent and bytes in all, and signal may abort it. */
export function uploadImage(pool, name, format, file, { progress, signal }) {
  // Not fetch: it does not tell how much has been sent.
  const upload = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    upload.open('PUT', `${poolPath(pool)}/uploads/${encodeURIComponent(name)}?format=${encodeURIComponent(format)}`);
    upload.setRequestHeader('Content-Type', 'application/octet-stream');
    upload.setRequestHeader('X-CSRF-Token', csrfToken);
    upload.upload.addEventListener('progress', ({ loaded, total }) => progress(loaded, total));
    upload.addEventListener('load', () => {
      const answer = parse(upload.responseText);
      if (upload.status === 201) {
        resolve(answer);
      } else {
        reject(new ApiError(upload.status, answer?.error ?? `The server answered ${upload.status}.`));
      }
    });
    upload.addEventListener('error', () => reject(new ApiError(0, 'The connection broke while the image was sent.')));
    upload.addEventListener('abort', () => reject(new ApiError(0, 'The upload was called off.')));
    signal.addEventListener('abort', () => upload.abort());
    upload.send(file);
  });
}

/** Goes to the login page, which returns to the page that is shown now. */
export function goToLogin() {
  location.replace(`login.html${location.hash}`);
}

/** Ends the session. */
export async function logout() {
  await request('POST', 'api/logout', '{}');
  location.replace('login.html');
}

/** The address of a serial port's WebSocket. */
export function serialAddress(vm, port) {
  const address = new URL(`ws/vms/${encodeURIComponent(vm)}/serial/${encodeURIComponent(port)}`, document.baseURI);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

async function request(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    headers['X-CSRF-Token'] = csrfToken;
  }
  let response;
  try {
    response = await fetch(path, { method, headers, body, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.status === 401) {
    goToLogin();
    throw new ApiError(401, 'The session has ended.');
  }
  const text = await response.text();
  const answer = parse(text);
  if (!response.ok) {
    throw new ApiError(response.status, answer?.error ?? `The server answered ${response.status}.`);
  }
  return answer;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
