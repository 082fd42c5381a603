/** All challenges that are open to the team: grouped by category, filtered, one open at a time. */

import { make, write } from '../dom.ts';
import type { ChallengeList } from '../http.ts';
import type { Outcome, Submission } from '../live.ts';
import { scrolling } from '../motion.ts';
import { counted } from '../phase.ts';
import { ChallengeItem } from './challenge.ts';

/** Shorter lists are seen at a glance and need no search. */
const SEARCH_FROM = 12;

interface Group {
  element: HTMLElement;
  solved: HTMLElement;
  list: HTMLElement;
  items: ChallengeItem[];
}

export class Challenges {
  readonly element: HTMLElement;
  readonly #items = new Map<string, ChallengeItem>();
  readonly #groups = new Map<string, Group>();
  readonly #place = make('div');
  readonly #summary = make('p', { class: 'summary', role: 'status' });
  readonly #search = make('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search challenges', input: () => this.#filter() });
  readonly #nothing = make('p', { class: 'quiet' });
  readonly #onlyOpen: HTMLInputElement;
  readonly #tools: HTMLElement;
  readonly #submit: (challenge: string, answer: string) => Submission;
  #closedBecause = '';
  #open: ChallengeItem | undefined;
  #locked = 0;
  #loaded = false;

  constructor(submit: (challenge: string, answer: string) => Submission) {
    this.#submit = submit;
    this.#onlyOpen = make('input', { type: 'checkbox', checked: true, change: () => this.#filter() });
    this.#tools = make('div', { class: 'tools' },
      this.#search,
      make('label', { class: 'check' }, this.#onlyOpen, make('span', {}, 'Unsolved only')),
      make('button', { type: 'button', class: 'plain', click: () => this.next(this.#open) }, 'Next unsolved'));
    this.#tools.hidden = true;
    this.element = make('section', { class: 'challenges', 'aria-labelledby': 'challenges-title' },
      make('div', { class: 'title' }, make('h2', { id: 'challenges-title' }, 'Challenges'), this.#summary),
      this.#tools, this.#place, this.#nothing);
  }

  show({ challenges, locked }: ChallengeList): void {
    this.#locked = locked;
    const isFirst = this.#items.size === 0;
    for (const challenge of challenges) {
      const known = this.#items.get(challenge.id);
      if (known) {
        known.update(challenge);
        continue;
      }
      const item = new ChallengeItem(challenge, !isFirst && challenge.state === 'open', {
        submit: this.#submit,
        opened: (opened) => this.#opened(opened),
        next: (after) => this.next(after),
        closedBecause: () => this.#closedBecause,
      });
      this.#items.set(challenge.id, item);
      this.#group(challenge.category).items.push(item);
    }
    // The hunt's order, in which a challenge that was unlocked late may belong in the middle.
    const order = new Map(challenges.map((challenge, index) => [challenge.id, index]));
    for (const { items, list } of this.#groups.values()) {
      items.sort((a, b) => order.get(a.id)! - order.get(b.id)!);
      items.forEach((item, index) => {
        if (list.children[index] !== item.element) list.insertBefore(item.element, list.children[index] ?? null);
      });
    }
    this.#loaded = true;
    this.#filter();
  }

  submission(submission: Submission): void {
    this.#items.get(submission.challenge)?.submission(submission);
  }

  outcome(outcome: Outcome, own: Submission | undefined, again: boolean): void {
    this.#items.get(outcome.challenge)?.outcome(outcome, own, again);
    this.#filter();
  }

  dropped(submission: Submission, why?: string): void {
    this.#items.get(submission.challenge)?.dropped(submission, why);
  }

  /** @param because why no answers are taken; empty: they are. */
  close(because: string): void {
    if (because === this.#closedBecause) return;
    this.#closedBecause = because;
    for (const item of this.#items.values()) item.refresh();
    this.#filter();
  }

  /** Opens the next unsolved challenge in the order of the page, from the start again after the last. */
  next(after?: ChallengeItem): void {
    const items = [...this.#groups.values()].flatMap((group) => group.items);
    const from = after ? items.indexOf(after) + 1 : 0;
    const next = [...items.slice(from), ...items.slice(0, from)].find((item) => !item.solved && item !== after);
    if (!next) return;
    this.#search.value = '';
    next.toggle(true);
    next.focus();
  }

  #opened(item: ChallengeItem): void {
    const before = this.#open;
    this.#open = item;
    if (before !== item) before?.toggle(false);
    this.#filter();
    item.element.scrollIntoView({ block: 'nearest', behavior: scrolling() });
  }

  #group(category: string): Group {
    const known = this.#groups.get(category);
    if (known) return known;
    const solved = make('span', { class: 'quiet' });
    const list = make('ul');
    const group: Group = { solved, list, items: [], element: make('section', { class: 'card' }, category ? make('h2', {}, make('bdi', {}, category), solved) : null, list) };
    this.#groups.set(category, group);
    this.#place.append(group.element);
    return group;
  }

  #filter(): void {
    const text = this.#search.value.trim().toLocaleLowerCase();
    let shown = 0;
    for (const group of this.#groups.values()) {
      let here = 0;
      for (const item of group.items) {
        // The one that is open stays where it is, also when it has just been solved.
        const fits = (item === this.#open && item.isOpen) || ((!this.#onlyOpen.checked || !item.solved) && (text === '' || item.matches(text)));
        item.element.hidden = !fits;
        if (fits) here++;
      }
      group.element.hidden = here === 0;
      write(group.solved, `${group.items.filter((item) => item.solved).length} of ${group.items.length}`);
      shown += here;
    }
    this.#sum(shown, text);
  }

  #sum(shown: number, text: string): void {
    const items = [...this.#items.values()];
    const solved = items.filter((item) => item.solved).length;
    const parts = [`${items.length - solved} open`, `${solved} solved`, ...(this.#locked > 0 ? [`${this.#locked} locked`] : [])];
    write(this.#summary, this.#loaded && items.length > 0 ? parts.join(' · ') : '');
    this.#tools.hidden = items.length === 0;
    this.#search.hidden = items.length < SEARCH_FROM;
    write(this.#nothing,
      !this.#loaded || shown > 0 ? ''
      : text ? 'No challenge matches the search.'
      : items.length === 0 ? (this.#locked > 0 ? `${counted(this.#locked, 'challenge')} will appear here.` : 'There are no challenges.')
      : this.#locked > 0 ? 'All that is open to you is solved.' : 'You have solved them all!');
  }
}
