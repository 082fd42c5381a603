/** One challenge of the list: a line that opens to its text, the answer box and what came of the answers. */

import { make, write } from '../dom.ts';
import type { Challenge } from '../http.ts';
import { ANSWER_MAX, type Outcome, type Submission } from '../live.ts';
import { scrolling } from '../motion.ts';
import { counted } from '../phase.ts';
import { refusal } from './words.ts';

export interface ChallengeUser {
  submit(challenge: string, answer: string): Submission;
  opened(item: ChallengeItem): void;
  next(after: ChallengeItem): void;
  /** Why nothing is taken now; empty while the hunt is open. */
  closedBecause(): string;
}

export class ChallengeItem {
  readonly element: HTMLLIElement;
  readonly #user: ChallengeUser;
  readonly #button: HTMLButtonElement;
  readonly #mark = make('span', { class: 'mark', 'aria-hidden': 'true' });
  readonly #fresh = make('span', { class: 'fresh' });
  readonly #state = make('span', { class: 'spoken' });
  /** Made when it is opened for the first time: a hunt may have hundreds. */
  #panel: Panel | null = null;
  #challenge: Challenge;
  #pending: Submission | undefined;

  constructor(challenge: Challenge, fresh: boolean, user: ChallengeUser) {
    this.#challenge = challenge;
    this.#user = user;
    const panelId = `challenge-${challenge.id}`;
    this.#button = make('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': panelId, click: () => this.toggle() },
      this.#mark,
      make('bdi', { class: 'name' }, challenge.name),
      this.#state,
      this.#fresh,
      make('span', { class: 'points' }, counted(challenge.points, 'pt')));
    if (fresh) write(this.#fresh, 'new');
    this.element = make('li', { class: 'challenge' }, make('h3', {}, this.#button), make('div', { id: panelId, class: 'panel', hidden: true }));
    this.#show();
  }

  get id(): string {
    return this.#challenge.id;
  }

  get solved(): boolean {
    return this.#challenge.state === 'solved';
  }

  get isOpen(): boolean {
    return this.#button.getAttribute('aria-expanded') === 'true';
  }

  matches(text: string): boolean {
    const { name, text: body, category } = this.#challenge;
    return `${name} ${category} ${body}`.toLocaleLowerCase().includes(text);
  }

  /** What the server says now. What this page knows to be solved stays so: the list may have been read before the outcome came. */
  update(challenge: Challenge): void {
    this.#challenge = { ...challenge, state: this.solved ? 'solved' : challenge.state };
    this.#show();
  }

  toggle(open = !this.isOpen): void {
    if (open === this.isOpen) return;
    const place = this.element.lastElementChild as HTMLElement;
    if (open && !this.#panel) {
      this.#panel = new Panel(this.#challenge, (answer) => this.#answer(answer), () => this.#user.next(this));
      place.append(this.#panel.element);
      if (this.#pending) this.submission(this.#pending);
    }
    this.#button.setAttribute('aria-expanded', String(open));
    place.hidden = !open;
    write(this.#fresh, '');
    this.#show();
    if (open) this.#user.opened(this);
  }

  focus(): void {
    (this.solved ? this.#button : (this.#panel?.input ?? this.#button)).focus({ preventScroll: true });
  }

  submission(submission: Submission): void {
    this.#pending = submission;
    const words = { kept: 'Kept here. It goes out when the connection is back.', sent: 'Sending…', received: 'Received. Being checked…' };
    this.#panel?.say('pending', words[submission.state]);
    this.#show();
  }

  outcome(outcome: Outcome, own: Submission | undefined, again: boolean): void {
    if (own && own.seq === this.#pending?.seq) this.#pending = undefined;
    const hadFocus = this.#panel?.element.contains(document.activeElement) ?? false;
    if (outcome.verdict === 'correct' || outcome.reason === 'AlreadySolved') this.#challenge.state = 'solved';
    if (outcome.attempts_left !== undefined) this.#challenge.attempts_left = outcome.attempts_left;
    if (outcome.reason === 'OutOfAttempts') this.#challenge.attempts_left = 0;
    this.#show();
    if (!this.#panel || (!own && again)) return;
    const answer = own ? `“${own.answer}”` : 'Your team’s answer';
    switch (outcome.verdict) {
      case 'correct':
        this.#panel.say('right', own ? `Right! ${counted(outcome.points ?? 0, 'point')}.` : 'Solved by your team.');
        // The answer box is gone, and with it the focus.
        if (hadFocus) this.#panel.next.focus({ preventScroll: true });
        break;
      case 'incorrect':
        this.#panel.say('wrong', `${answer} is not it.`);
        if (own && hadFocus) this.#panel.input.select();
        break;
      case 'refused':
        if (own) this.#panel.say('refused', refusal(outcome.reason));
    }
  }

  dropped(submission: Submission, why?: string): void {
    if (submission.seq === this.#pending?.seq) this.#pending = undefined;
    this.#panel?.say('refused', why ?? 'This answer was decided while you were away.');
    this.#show();
  }

  /** The phase changed, or something else that decides what the box takes. */
  refresh(): void {
    this.#show();
  }

  #answer(answer: string): void {
    const submission = this.#user.submit(this.id, answer);
    this.submission(submission);
    this.#panel?.reveal();
  }

  #show(): void {
    this.element.dataset['state'] = this.#challenge.state;
    write(this.#mark, this.solved ? '✓' : this.#pending ? '…' : this.isOpen ? '▾' : '▸');
    write(this.#state, this.solved ? ', solved' : '');
    this.#panel?.show(this.#challenge, this.#pending !== undefined, this.#user.closedBecause());
  }
}

class Panel {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly next: HTMLButtonElement;
  readonly #form: HTMLFormElement;
  readonly #button = make('button', { type: 'submit' }, 'Answer');
  readonly #attempts = make('p', { class: 'quiet attempts' });
  readonly #word = make('p', { class: 'word', role: 'status' });

  constructor(challenge: Challenge, answer: (text: string) => void, next: () => void) {
    this.input = make('input', {
      type: 'text', name: 'answer', maxlength: ANSWER_MAX, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', enterkeyhint: 'send',
      'aria-label': `Answer to ${challenge.name}`, placeholder: 'Your answer',
    });
    this.#form = make('form', { class: 'answer', submit: (event: Event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (text && !this.#button.disabled) answer(text);
    } }, this.input, this.#button);
    this.next = make('button', { type: 'button', class: 'next', click: next }, 'Next challenge');
    this.element = make('div', {},
      challenge.text ? make('p', { class: 'text', dir: 'auto' }, ...linked(challenge.text)) : null,
      this.#form, this.#word, this.#attempts, this.next);
  }

  say(kind: 'pending' | 'right' | 'wrong' | 'refused', text: string): void {
    this.#word.dataset['kind'] = kind;
    write(this.#word, text);
  }

  /** What comes of an answer is said below its box: on a phone that may be out of sight. */
  reveal(): void {
    this.#word.scrollIntoView({ block: 'nearest', behavior: scrolling() });
  }

  show(challenge: Challenge, pending: boolean, closedBecause: string): void {
    const solved = challenge.state === 'solved';
    const left = challenge.attempts_left;
    this.#form.hidden = solved;
    this.next.hidden = !solved;
    this.#attempts.hidden = solved;
    this.#button.disabled = pending || left === 0 || closedBecause !== '';
    this.input.readOnly = pending || left === 0;
    write(this.#attempts, closedBecause || (left === undefined ? '' : left === 0 ? 'No attempts left.' : `${counted(left, 'attempt')} left.`));
    if (solved && !this.#word.textContent) this.say('right', 'Solved.');
  }
}

/** The text with its web addresses as links. */
function linked(text: string): (string | Node)[] {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)])/).map((part, index) =>
    index % 2 === 0 ? part : make('a', { href: part, target: '_blank', rel: 'noopener noreferrer' }, part));
}
