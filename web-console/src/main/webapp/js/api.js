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
