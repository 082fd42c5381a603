/** A line for screen readers that a moving board cannot flood: the newest message, at most one in ten seconds. */

import { make } from './dom.ts';

const EVERY_MS = 10_000;

export class Spoken {
  readonly element = make('p', { class: 'spoken', role: 'status' });
  #last = 0;
  #waiting: { text: string; said: (() => void) | undefined } | null = null;

  /** @param said called if it is this message that is spoken, and not a newer one. */
  say(text: string, said?: () => void): void {
    const wait = this.#last + EVERY_MS - Date.now();
    if (this.#waiting === null && wait > 0) setTimeout(() => this.#speak(), wait);
    this.#waiting = { text, said };
    if (wait <= 0) this.#speak();
  }

  #speak(): void {
    if (this.#waiting === null) return;
    this.element.textContent = this.#waiting.text;
    this.#waiting.said?.();
    this.#waiting = null;
    this.#last = Date.now();
  }
}
