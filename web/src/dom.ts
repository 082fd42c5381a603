/** Elements made in one expression; text only ever becomes text nodes. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: never) => void) | undefined>;

/** @param attributes a function becomes a listener for the event of its name; true an empty attribute; false and undefined nothing. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child) || child === ''));
  return element;
}

/** Writes text only where it differs, so that nothing is announced or painted twice. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The last part of /play/{hunt} and /board/{hunt}. */
export function huntOfPage(): string {
  return location.pathname.replace(/\/+$/, '').split('/').pop() ?? '';
}
