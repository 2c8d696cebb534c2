// Small helpers to build and update the page. Text always goes in as text, never as markup.

/**
 * Makes an element. Properties starting with "on" are listeners, "class" and those with a hyphen are attributes,
 * the rest are properties of the element.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (key === 'class' || key === 'role' || key === 'for' || key.includes('-')) {
      element.setAttribute(key, value);
    } else {
      element[key] = value;
    }
  }
  element.append(...children);
  return element;
}

/** Sets the text of an element, touching the page only where it changes. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Sets an attribute only where it changes; null removes it. */
export function setAttribute(element, name, value) {
  if (value === null) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

/** Says a text to screen readers without moving the focus. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}

/** A labelled meter: a bar with a text beside it. */
export class Meter {
  constructor(label) {
    this.bar = h('span', { class: 'meter-bar' });
    this.text = h('span', { class: 'meter-text' });
    this.element = h('span', { class: 'meter', role: 'img', 'aria-label': label }, h('span', { class: 'meter-track' }, this.bar), this.text);
    this.label = label;
  }

  /** Shows a fraction from 0 to 1, or NaN where it is not known, and its text. */
  set(fraction, text) {
    const known = Number.isFinite(fraction);
    this.bar.style.inlineSize = `${known ? Math.min(100, Math.max(0, fraction * 100)).toFixed(1) : 0}%`;
    setText(this.text, text);
    setAttribute(this.element, 'aria-label', `${this.label}: ${text}`);
  }
}
