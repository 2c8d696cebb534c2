// How figures are written: the same everywhere in the console.

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes with a binary unit and three significant digits, for example "512 MiB". */
export function bytes(count) {
  let value = Number(count);
  if (!(value >= 0)) {
    return '–';
  }
  let unit = 0;
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BINARY_UNITS[unit]}`;
}

/** A fraction as a percentage; NaN and negative mean not known. */
export function percent(fraction) {
  if (!(fraction >= 0)) {
    return '–';
  }
  const value = fraction * 100;
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/** Milliseconds as "3 d 4 h", "4 h 12 min", "12 min 5 s" or "5 s". */
export function duration(millis) {
  const seconds = Math.floor(Number(millis) / 1000);
  if (!(seconds >= 0)) {
    return '–';
  }
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) {
    return `${days} d ${hours} h`;
  }
  if (hours > 0) {
    return `${hours} h ${minutes} min`;
  }
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Nanoseconds with the unit that fits: "850 ns", "12.3 µs", "4.5 ms", "2.1 s". */
export function nanos(count) {
  const value = Number(count);
  if (!(value >= 0)) {
    return '–';
  }
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]]) {
    if (value >= size) {
      return `${(value / size).toFixed(value >= 100 * size ? 0 : 1)} ${unit}`;
    }
  }
  return `${value.toFixed(0)} ns`;
}

/** A whole number with thin spaces between thousands. */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** A rate per second. */
export function rate(perSecond) {
  if (!(perSecond >= 0)) {
    return '–';
  }
  return perSecond >= 100 || perSecond === 0 ? count(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** Bytes a second with a binary unit. */
export function byteRate(perSecond) {
  return perSecond >= 0 ? `${bytes(Math.round(perSecond))}/s` : '–';
}

/** "512MiB" or "1048576" as bytes; NaN for what is neither. */
export function parseBytes(text) {
  const [, digits, unit = 'B'] = String(text).trim().match(/^(\d{1,15})\s*(B|KiB|MiB|GiB|TiB)?$/) ?? [];
  return digits === undefined ? NaN : Number(digits) * 1024 ** BINARY_UNITS.indexOf(unit);
}
