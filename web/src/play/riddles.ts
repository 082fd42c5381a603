/** Riddles to pass the time with. They are checked in the page and count for nothing, so nobody has to be asked; the page holds only digests of the answers. */

import { make, write } from '../dom.ts';
import { hex, sha256 } from '../sha256.ts';

const RIDDLES: readonly { text: string; answers: readonly string[] }[] = [
  { text: 'It has many keys and opens no door. What is it?', answers: ['2198acd8e40f0a00225ea206b4c7d5171b2eb3b7eb009594a62c7ee16d4bda4f'] },
  {
    text: 'The more of them you take, the more you leave behind. What are they?',
    answers: ['a6b2ad1ecf6977484dfb12e7e540698ca3838d3cec7ae31671e681ee7ed50b02', 'c26816063088fbbd9c77039ca6e25c183c93c2efac623744086ffb559929fa78'],
  },
  { text: 'It gets wetter the more it dries. What is it?', answers: ['c3a2056464e22c135ab3f9886e801766c30e9ca6750f1b391ba8409e7a658dd4'] },
  { text: 'It travels the whole world and stays in its corner. What is it?', answers: ['175a7da63007bda0ad2e697eaa836c43f4f4a4e64cbe5eb52c8a682a9288fbfb'] },
  { text: 'It has cities without houses, rivers without water and woods without trees. What is it?', answers: ['3e0fa68ad6f4041290cc28bf5f09f25f2dbebb017a5e6dfcc1bf9d01ac11b6a5'] },
  { text: 'It speaks without a mouth, and only after you. What is it?', answers: ['28c3c674720d1925ab11960affa567d3ad3d6205e3844613fd6a355fdcb7523c'] },
];

export class Riddles {
  readonly element: HTMLElement;
  readonly #text = make('p', { class: 'text' });
  readonly #input = make('input', { type: 'text', name: 'riddle', maxlength: 60, autocomplete: 'off', autocapitalize: 'none', 'aria-label': 'Your answer to the riddle', placeholder: 'Your answer' });
  readonly #word = make('p', { class: 'word', role: 'status' });
  #at = 0;

  constructor() {
    this.element = make('section', { class: 'card riddles', 'aria-labelledby': 'riddles-title' },
      make('h2', { id: 'riddles-title' }, 'Warm up'),
      this.#text,
      make('form', { class: 'answer', submit: (event: Event) => this.#answer(event) }, this.#input, make('button', { type: 'submit' }, 'Answer')),
      this.#word,
      make('button', { type: 'button', class: 'plain next', click: () => this.#next() }, 'Another one'));
    this.#show();
  }

  #answer(event: Event): void {
    event.preventDefault();
    if (!this.#input.value.trim()) return;
    const right = isRight(this.#at, this.#input.value);
    this.#word.dataset['kind'] = right ? 'right' : 'wrong';
    write(this.#word, right ? 'Right! This one was for fun; the real ones follow.' : 'Not quite.');
    if (!right) this.#input.select();
  }

  #next(): void {
    this.#at = (this.#at + 1) % RIDDLES.length;
    this.#input.value = '';
    write(this.#word, '');
    this.#show();
    this.#input.focus();
  }

  #show(): void {
    write(this.#text, RIDDLES[this.#at]!.text);
  }
}

export const riddleCount = RIDDLES.length;

/** Whether this answers the riddle of that number: case, articles and all but letters do not matter. */
export function isRight(riddle: number, answer: string): boolean {
  const words = answer.toLowerCase().replace(/[^a-z ]/g, '').trim().split(/ +/);
  if (words.length > 1 && ['a', 'an', 'the', 'my', 'its'].includes(words[0]!)) words.shift();
  return RIDDLES[riddle]!.answers.includes(hex(sha256(`veltrix warm-up:${words.join('')}`)));
}
