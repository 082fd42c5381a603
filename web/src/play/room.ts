/** The waiting room: how many are before you, how long it will take, what moves meanwhile, and something to do. */

import { make, write } from '../dom.ts';
import { getPlace, liveUrl, type HuntCard } from '../http.ts';
import type { Announcement, Times } from '../live.ts';
import { clockTime, ordinal, phaseInWords } from '../phase.ts';
import { etaInWords, Queue, type Standing } from '../queue.ts';
import { Rows } from '../rows.ts';
import { Spoken } from '../spoken.ts';
import { Riddles } from './riddles.ts';

/** Shows the room until there is a seat (true), or the ticket does not hold any more (false). */
export function waitInRoom(page: HTMLElement, hunt: HuntCard, ticket: string, first?: Standing): Promise<boolean> {
  return new Promise((over) => {
    const phase = make('p', { class: 'phase' });
    const place = make('strong', { class: 'place' }, '…');
    const of = make('span', { class: 'quiet' });
    const eta = make('p', { class: 'eta' });
    const more = make('p', { class: 'quiet' });
    const why = make('p', { class: 'quiet' });
    const announcements = make('div', { class: 'announcements', role: 'log', 'aria-label': 'Announcements' });
    const top = new Rows('The first ten');
    const topCard = make('section', { class: 'card', 'aria-labelledby': 'top-title', hidden: true }, make('h2', { id: 'top-title' }, 'Leading now'), top.element);
    const spoken = new Spoken();
    let times: Times = hunt;
    const showPhase = () => write(phase, phaseInWords(times));
    const ticking = setInterval(showPhase, 1000);

    const stands = (standing: Standing) => {
      page.dataset['waiting'] = String(standing.place ?? '');
      write(place, standing.place === null ? '…' : ordinal(standing.place));
      write(of, standing.place === null ? '' : ` of ${standing.waiting.toLocaleString('en')} waiting`);
      write(eta, inWords(standing));
      write(more, standing.clock === 'personal' ? 'Your clock starts when you are let in: what you wait is not counted against you.' : '');
      write(why, standing.reason);
      if (standing.top?.length) {
        topCard.hidden = false;
        top.show(standing.top);
      }
      spoken.say(`${standing.place === null ? '' : `You are ${ordinal(standing.place)} in the queue. `}${inWords(standing)}`);
    };
    const end = (admitted: boolean) => {
      clearInterval(ticking);
      delete page.dataset['waiting'];
      over(admitted);
    };
    const queue = new Queue({
      url: liveUrl(hunt.id),
      ticket,
      ask: () => getPlace(hunt.id, ticket),
      stands,
      hunt(now) {
        times = now;
        showPhase();
      },
      announcement: ({ text, time }: Announcement) =>
        announcements.prepend(make('p', { class: 'card text', dir: 'auto' }, make('span', { class: 'quiet' }, `${clockTime(time)} `), text)),
      admitted: () => end(true),
      refused: () => end(false),
    });

    page.replaceChildren(
      make('header', { class: 'bar' }, make('div', { class: 'top' }, make('h1', {}, make('bdi', {}, hunt.title)), phase)),
      make('div', { class: 'columns room' },
        make('div', { class: 'side' }, announcements, topCard),
        make('div', { class: 'side' },
          make('section', { class: 'card queue', 'aria-labelledby': 'queue-title' },
            make('h2', { id: 'queue-title' }, 'You are in the queue'),
            make('p', {}, place, of),
            eta,
            more,
            make('p', { class: 'quiet' }, 'Keep this page open, or come back to it on this device: your place is kept. It lets you in by itself.'),
            make('details', {}, make('summary', {}, 'Why is there a queue?'), why)),
          new Riddles().element)),
      make('footer', { class: 'links' },
        make('a', { href: `/board/${encodeURIComponent(hunt.id)}` }, 'Watch the board'),
        make('a', { href: '/' }, 'All hunts')),
      spoken.element,
    );
    showPhase();
    if (first) stands(first);
    queue.start(first?.socket ?? true);
  });
}

function inWords({ place, eta, drawn_at }: Standing): string {
  if (drawn_at !== undefined) return `Places are drawn by lot when the hunt opens, at ${clockTime(drawn_at)}. It does not matter who came first.`;
  return place === 1 && eta === null ? 'You are next.' : etaInWords(eta);
}
