/** Small steps around the document that every page needs. */

/**
 * The element of that id, which the page is known to have.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * The descendant that matches, which is known to be there.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {T}
 */
export function within(parent, selector) {
  const found = /** @type {T | null} */ (parent.querySelector(selector));
  if (found === null) throw new Error(`nothing matches ${selector}`);
  return found;
}

/**
 * A fresh copy of a template's one element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function cloneTemplate(id) {
  const template = /** @type {HTMLTemplateElement} */ (element(id));
  return /** @type {HTMLElement} */ (within(template.content, "*").cloneNode(true));
}

/**
 * A new element with words in it.
 * @param {string} tag
 * @param {string} name its class
 * @param {string} [text]
 * @returns {HTMLElement}
 */
export function make(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** Let the buttons that waited for their script be pressed: the last line of a page's own script. */
export function wake() {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-needs-script]"))) {
    button.disabled = false;
    delete button.dataset.needsScript;
  }
}
