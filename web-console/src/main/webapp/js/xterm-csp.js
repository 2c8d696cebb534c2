// xterm.js writes style elements and style attributes as text, which a content security policy without 'unsafe-inline'
// forbids, and always makes its elements with the page's document.createElement. So that method is wrapped: a style
// element, and the style attribute of a span, go through the CSS object model, which the policy allows.

/** Stands for a style element; its text becomes a style sheet of the document for as long as it is in the page. */
class SheetElement extends HTMLElement {
  #sheet = new CSSStyleSheet();

  set textContent(css) {
    this.#sheet.replaceSync(css);
  }

  connectedCallback() {
    document.adoptedStyleSheets.push(this.#sheet);
  }

  disconnectedCallback() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }
}
customElements.define('kb-sheet', SheetElement);

function setAttribute(name, value) {
  if (name === 'style') {
    this.style.cssText = value;
  } else {
    Element.prototype.setAttribute.call(this, name, value);
  }
}

const createElement = document.createElement.bind(document);

document.createElement = (tag, options) => {
  if (tag === 'style') {
    return createElement('kb-sheet');
  }
  const element = createElement(tag, options);
  if (tag === 'span') {
    element.setAttribute = setAttribute;
  }
  return element;
};
