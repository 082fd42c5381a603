/** Where the hunter stands: rank and score at the top of the page, and on request the neighbours or the first ten. */

import { make, write } from '../dom.ts';
import type { Board, Sight } from '../live.ts';
import { arrow, count } from '../motion.ts';
import { counted, ordinal } from '../phase.ts';
import { Rows } from '../rows.ts';
import { Spoken } from '../spoken.ts';

const AROUND = 2;

export class Standing {
  /** For the bar at the top. */
  readonly bar: HTMLElement;
  /** The neighbourhood. */
  readonly card: HTMLDetailsElement;
  readonly spoken = new Spoken();
  team = 0;

  readonly #rank = make('strong', { class: 'rank' }, '–');
  readonly #of = make('span', { class: 'quiet' });
  readonly #here = make('p', { class: 'quiet' });
  readonly #move = make('span', { class: 'move', 'aria-hidden': 'true' });
  readonly #score = make('strong', { class: 'score' }, '0');
  readonly #rows = new Rows('The board around you');
  readonly #views: HTMLInputElement[];
  #shownRank: number | undefined;
  #spokenRank: number | undefined;

  /** @param look told what the board should show from now on. */
  constructor(look: (sight: Sight) => void) {
    this.bar = make('dl', { class: 'standing' },
      make('div', {}, make('dt', {}, 'Rank'), make('dd', {}, this.#rank, this.#move, this.#of)),
      make('div', {}, make('dt', {}, 'Points'), make('dd', {}, this.#score)));
    const changed = () => look(this.sight);
    this.#views = ['Around you', 'First ten'].map((_, index) => make('input', { type: 'radio', name: 'view', checked: index === 0, change: changed }));
    this.card = make('details', { class: 'card fold', open: true, toggle: changed },
      make('summary', {}, 'Standings'),
      make('div', { class: 'choices', role: 'radiogroup', 'aria-label': 'Which part of the board' },
        make('label', {}, this.#views[0], make('span', {}, 'Around you')),
        make('label', {}, this.#views[1], make('span', {}, 'First ten'))),
      this.#here,
      this.#rows.element);
  }

  /** A folded list costs the server nothing. */
  get sight(): Sight {
    if (!this.card.open) return { around: 0, top: 0 };
    return this.#first ? { around: 0, top: 10 } : { around: AROUND, top: 0 };
  }

  get #first(): boolean {
    return this.#views[1]!.checked;
  }

  show(rank: number | undefined, score: number | undefined, teams?: number): void {
    if (score !== undefined) count(this.#score, score);
    if (teams !== undefined) write(this.#of, ` of ${teams.toLocaleString('en')}`);
    if (rank === undefined) return;
    write(this.#rank, ordinal(rank));
    if (this.#shownRank !== undefined) arrow(this.#move, this.#shownRank - rank);
    if (this.#shownRank !== rank) this.#speak(rank);
    this.#shownRank = rank;
  }

  board(board: Board): void {
    this.show(board.me?.rank, board.me?.score, board.teams);
    if (board.present !== undefined) write(this.#here, board.present === null ? '' : `${counted(board.present, 'hunter')} here now`);
    const rows = this.#first ? board.top : board.around;
    if (this.card.open && rows?.length) this.#rows.show(rows, this.team);
  }

  #speak(rank: number): void {
    const up = (this.#spokenRank ?? rank) - rank;
    this.spoken.say(`You are ${ordinal(rank)}${up === 0 ? '' : `, ${up > 0 ? 'up' : 'down'} ${counted(Math.abs(up), 'place')}`}.`, () => {
      this.#spokenRank = rank;
    });
  }
}
