/** Movement that says something: where a row went, which way a number goes. None of it for those who asked their device for none. */

const calm = matchMedia('(prefers-reduced-motion: reduce)');

export function moves(): boolean {
  return !calm.matches && !document.hidden;
}

export function scrolling(): ScrollBehavior {
  return moves() ? 'smooth' : 'auto';
}

/** Changes the page, then lets the elements glide from where they were seen last. */
export function glide(elements: Iterable<HTMLElement>, change: () => void): void {
  if (!moves()) return change();
  const before = new Map([...elements].map((element) => [element, element.getBoundingClientRect()]));
  for (const element of before.keys()) for (const animation of element.getAnimations()) animation.cancel();
  change();
  // All is measured before anything is animated: one layout, however many rows.
  const paths = [...before].map(([element, was]) => {
    const is = element.getBoundingClientRect();
    return { element, x: was.x - is.x, y: was.y - is.y };
  });
  for (const { element, x, y } of paths) {
    if (!element.isConnected || (x === 0 && y === 0)) continue;
    // Those who climb pass in front of those who make room.
    const zIndex = y > 0 || x > 0 ? 2 : 1;
    element.animate({ transform: [`translate(${x}px, ${y}px)`, 'none'], zIndex: [zIndex, zIndex] }, { duration: 600, easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)' });
  }
}

export function appear(element: HTMLElement): void {
  if (moves()) element.animate({ opacity: [0, 1] }, { duration: 300, easing: 'ease-out' });
}

const counting = new WeakMap<HTMLElement, { shown: number; to: number; frame: number }>();

/** Counts an element's number up or down to another. */
export function count(element: HTMLElement, to: number): void {
  const state = counting.get(element);
  if (state?.to === to) return;
  if (state) cancelAnimationFrame(state.frame);
  const from = state && moves() ? state.shown : to;
  const now = { shown: from, to, frame: 0 };
  counting.set(element, now);
  const start = performance.now();
  const step = (time: number) => {
    const part = from === to ? 1 : Math.min(1, Math.max(0, (time - start) / 500));
    now.shown = Math.round(from + (to - from) * (1 - (1 - part) ** 3));
    element.textContent = now.shown.toLocaleString('en');
    if (part < 1) now.frame = requestAnimationFrame(step);
  };
  step(start);
}

/** An arrow with the places won or lost, which fades away after a while. */
export function arrow(element: HTMLElement, places: number): void {
  if (places === 0) return;
  element.textContent = `${places > 0 ? '▲' : '▼'}${Math.abs(places).toLocaleString('en')}`;
  element.dataset['way'] = places > 0 ? 'up' : 'down';
  for (const animation of element.getAnimations()) animation.cancel();
  element.animate({ opacity: [1, 1, 0] }, { duration: 5_000, easing: moves() ? 'linear' : 'step-end', fill: 'forwards' });
}
