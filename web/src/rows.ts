/** A list of rows of the board, keyed by team: rows glide to new places and show which way they went. */

import { make, write } from './dom.ts';
import type { Row } from './live.ts';
import { appear, arrow, count, glide } from './motion.ts';

interface Line {
  item: HTMLElement;
  rank: HTMLElement;
  name: HTMLElement;
  move: HTMLElement;
  score: HTMLElement;
  shown?: Row;
}

export class Rows {
  readonly element: HTMLElement;
  readonly #lines = new Map<number, Line>();

  constructor(label: string) {
    this.element = make('ol', { class: 'rows', 'aria-label': label });
  }

  /** @param own the team that is marked as the reader's own. */
  show(rows: readonly Row[], own?: number): void {
    const known = [...this.#lines.values()].map((line) => line.item);
    glide(known, () => this.#place(rows, own));
  }

  #place(rows: readonly Row[], own?: number): void {
    const gone = new Map(this.#lines);
    let next = this.element.firstElementChild;
    for (const row of rows) {
      const known = gone.delete(row.team);
      const line = this.#lines.get(row.team) ?? this.#line(row.team);
      this.#fill(line, row, own);
      // Rows that keep their order are not touched: only what moved is moved.
      if (next === line.item) next = next.nextElementSibling;
      else this.element.insertBefore(line.item, next);
      if (!known) appear(line.item);
    }
    for (const [team, line] of gone) {
      line.item.remove();
      this.#lines.delete(team);
    }
  }

  #fill(line: Line, row: Row, own?: number): void {
    write(line.rank, String(row.rank));
    write(line.name, row.name);
    count(line.score, row.score);
    if (line.shown) arrow(line.move, line.shown.rank - row.rank);
    line.item.dataset['rank'] = String(row.rank);
    if (row.team === own) line.item.setAttribute('aria-current', 'true');
    line.shown = row;
  }

  #line(team: number): Line {
    const rank = make('span', { class: 'rank' });
    const name = make('bdi', { class: 'name' });
    const move = make('span', { class: 'move', 'aria-hidden': 'true' });
    const score = make('span', { class: 'score' });
    const line = { rank, name, move, score, item: make('li', { class: 'row' }, rank, name, move, score) };
    this.#lines.set(team, line);
    return line;
  }
}
