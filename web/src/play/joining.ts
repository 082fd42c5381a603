/** The way into a hunt: a nickname, and in a hunt of teams a new team or the code of one. */

import { make, write } from '../dom.ts';
import { join, type HuntCard, type Joined, type Queued, type TeamWish } from '../http.ts';
import { counted, phaseInWords } from '../phase.ts';

/** An invitation is a link whose fragment holds the code: fragments are not sent to servers and land in no log. */
const INVITED = /^#team=([0-9A-Za-z]+)$/;

export function invitation(hunt: string, code: string): string {
  return new URL(`/play/${encodeURIComponent(hunt)}#team=${code}`, location.href).href;
}

/** What the server made of the form, and what was written into it. */
export interface Asked {
  answer: Joined | Queued;
  nickname: string;
  team?: TeamWish;
}

/** Shows the form until the server has let the hunter in, or into the waiting room. */
export function joining(page: HTMLElement, hunt: HuntCard, why?: string): Promise<Asked> {
  const invited = INVITED.exec(location.hash)?.[1];
  const phase = make('p', { class: 'quiet' });
  const showPhase = () => write(phase, `${phaseInWords(hunt)} · ${counted(hunt.challenges, 'challenge')} · ${counted(hunt.teams, hunt.team_size > 1 ? 'team' : 'hunter')}`);
  showPhase();
  const ticking = setInterval(showPhase, 1000);

  const nickname = field('Nickname', { name: 'nickname', autocomplete: 'nickname', maxlength: 100, required: true, enterkeyhint: 'go' });
  const team = hunt.team_size > 1 ? new TeamFields(hunt.team_size, invited) : null;
  const fault = make('p', { class: 'fault', role: 'alert' }, why ?? '');
  const button = make('button', { type: 'submit' }, 'Join');
  const form = make('form', { class: 'card joining' }, nickname.label, team?.element, fault, button);

  page.replaceChildren(
    make('header', { class: 'cover' },
      make('h1', {}, make('bdi', {}, hunt.title)),
      phase,
      hunt.description ? make('p', { class: 'text' }, hunt.description) : null),
    form,
    make('p', { class: 'links' }, make('a', { href: `/board/${encodeURIComponent(hunt.id)}` }, 'Watch the board'), make('a', { href: '/' }, 'All hunts')),
  );

  return new Promise((resolve) => {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      button.disabled = true;
      write(fault, '');
      try {
        const asked = { nickname: nickname.input.value, ...(team && { team: team.wish() }) };
        const answer = await join(hunt.id, asked.nickname, asked.team);
        clearInterval(ticking);
        if (invited) history.replaceState(null, '', location.pathname);
        resolve({ answer, ...asked });
      } catch (problem) {
        write(fault, (problem as Error).message);
      } finally {
        button.disabled = false;
      }
    });
  });
}

class TeamFields {
  readonly element: HTMLElement;
  readonly #name = field('Name of your team', { name: 'team', maxlength: 100, autocomplete: 'off' });
  readonly #code = field('Invite code', { name: 'code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false' });
  readonly #founds: HTMLInputElement;

  constructor(size: number, invited?: string) {
    const choice = (value: string) => make('input', { type: 'radio', name: 'way', value, change: () => this.#choose() });
    this.#founds = choice('found');
    const enters = choice('enter');
    (invited ? enters : this.#founds).checked = true;
    this.#code.input.value = invited ?? '';
    this.element = make('fieldset', {},
      make('legend', {}, `Teams of up to ${size}`),
      make('div', { class: 'choices' },
        make('label', {}, this.#founds, make('span', {}, 'Found a team')),
        make('label', {}, enters, make('span', {}, 'I have a code'))),
      this.#name.label, this.#code.label);
    this.#choose();
  }

  wish(): TeamWish {
    return this.#founds.checked ? { found: this.#name.input.value } : { invite: this.#code.input.value };
  }

  #choose(): void {
    const founds = this.#founds.checked;
    this.#name.label.hidden = !founds;
    this.#code.label.hidden = founds;
    this.#name.input.required = founds;
    this.#code.input.required = !founds;
  }
}

function field(text: string, attributes: Record<string, string | number | boolean>): { label: HTMLElement; input: HTMLInputElement } {
  const input = make('input', { type: 'text', ...attributes });
  return { input, label: make('label', { class: 'field' }, make('span', {}, text), input) };
}
