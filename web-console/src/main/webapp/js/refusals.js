// What the server refused, put beside the fields that it is about.

const PREAMBLES = ['the definition is refused', 'the options is refused'];

/**
 * Takes a refusal apart: the problems that name a key, by key, and the rest. The server writes a problem as
 * `key is VALUE; what would be right` or `key is missing; …`, several of them after one another.
 */
export function problemsByField(message, keys) {
  const start = new RegExp(`(?:^|[:;] )(?:[\\w[\\]]+\\.)*(${keys.join('|')}) is `, 'g');
  const found = [...message.matchAll(start)];
  const byField = new Map();
  found.forEach((match, i) => {
    const end = found[i + 1]?.index ?? message.length;
    const problem = message.slice(match.index, end).replace(/^[:;] /, '');
    byField.set(match[1], byField.has(match[1]) ? `${byField.get(match[1])}; ${problem}` : problem);
  });
  const before = message.slice(0, found[0]?.index ?? message.length);
  return { byField, rest: before === '' || PREAMBLES.includes(before) ? '' : message };
}
