/** The game itself: one live connection and the parts of the page that it moves. */

import { spread } from '../crowd.ts';
import { make, write } from '../dom.ts';
import { getChallenges, liveUrl, Problem, serverNow, type HuntCard } from '../http.ts';
import { Live, type Announcement, type Connection, type Session, type Times } from '../live.ts';
import { appear } from '../motion.ts';
import { clockTime, ordinal, phaseInWords } from '../phase.ts';
import { etaInWords } from '../queue.ts';
import { keepSession } from '../store.ts';
import { Challenges } from './challenges.ts';
import { Standing } from './standing.ts';
import { teamCard } from './team.ts';
import { ending } from './words.ts';

const FETCH_AGAIN_MS = 3_000;

/**
 * Plays until the token does not hold any more.
 * @param fresh the hunter has joined just now.
 */
export function play(page: HTMLElement, hunt: HuntCard, token: string, session: Session, fresh: boolean): Promise<void> {
  return new Promise((tokenGone) => {
    const phase = make('p', { class: 'phase' });
    const connection = make('p', { class: 'connection', role: 'status' });
    const pausedCard = make('p', { class: 'card notice', role: 'status', hidden: true });
    const announcements = make('div', { class: 'announcements', role: 'log', 'aria-label': 'Announcements' });
    const team = make('div', { class: 'slot' });
    const name = make('b', { dir: 'auto' });
    const standing: Standing = new Standing((sight) => live.show(sight));
    const challenges = new Challenges((challenge, answer) => live.submit(challenge, answer));

    let times: Times = hunt;
    let credit = 0;
    let teams = hunt.teams;
    let opening: ReturnType<typeof setTimeout> | undefined;
    const showPhase = () => {
      const why = notice(times, credit);
      write(phase, phaseInWords(times, credit));
      write(pausedCard, why);
      pausedCard.hidden = why === '';
      challenges.close(why);
    };
    const showConnection = (now: Connection) => {
      page.dataset['connection'] = now.state;
      if (now.state === 'live') write(connection, '');
      else if (now.state === 'waiting') write(connection, 'Connection lost. Trying again; your answers are kept.');
      else if (now.state === 'ended') connection.replaceChildren(ending(now.code), ' ', make('button', { type: 'button', class: 'plain', click: () => location.reload() }, 'Load again'));
    };
    const setTimes = (now: Times) => {
      const opened = now.phase === 'open' && times.phase !== 'open';
      times = now;
      showPhase();
      page.dataset['phase'] = now.phase;
      if (!opened) return;
      // Every page of the hunt hears of it in the same instant.
      clearTimeout(opening);
      opening = setTimeout(refetch, spread(teams));
    };
    const refetch = freshly(async () => {
      challenges.show(await getChallenges(hunt.id, token));
      for (const submission of live.submissions) challenges.submission(submission);
    }, gone);

    const live = new Live({
      url: liveUrl(hunt.id),
      token,
      session,
      sight: standing.sight,
      save: (changed) => keepSession(hunt.id, changed),
      handlers: {
        waiting: (standing) => {
          page.dataset['connection'] = 'waiting';
          const where = standing.place === null ? '' : ` You are ${ordinal(standing.place)} in the queue.`;
          write(connection, `You were away for too long, and all seats are taken.${where} ${etaInWords(standing.eta)} Your answers are kept.`);
        },
        connection: (now) => (now.state === 'ended' && now.code === 'TokenInvalid' ? gone() : showConnection(now)),
        welcome(welcome, missed) {
          teams = welcome.teams;
          if (welcome.team) {
            standing.team = welcome.team.number;
            credit = welcome.credit_ms ?? 0;
            write(name, welcome.name ?? '');
            if (welcome.team.invite && !team.hasChildNodes()) team.append(teamCard(hunt, welcome.team, fresh));
          }
          standing.show(welcome.rank, welcome.score, welcome.teams);
          setTimes(welcome);
          if (missed) refetch();
        },
        outcome(outcome, own, again) {
          challenges.outcome(outcome, own, again);
          if (!again) standing.show(outcome.rank, outcome.score);
          if (outcome.unlocked?.length) refetch();
        },
        submission: (submission) => challenges.submission(submission),
        dropped(submission, why) {
          challenges.dropped(submission, why);
          if (why === undefined) refetch();
        },
        board(board) {
          teams = board.teams;
          standing.board(board);
        },
        hunt: setTimes,
        announcement: (announcement) => announcements.prepend(announced(announcement)),
      },
    });

    const ticking = setInterval(showPhase, 1000);
    const wake = () => document.hidden || live.wake();
    addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    let over = false;
    function gone(): void {
      if (over) return;
      over = true;
      live.stop();
      clearInterval(ticking);
      clearTimeout(opening);
      removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
      tokenGone();
    }

    page.replaceChildren(
      make('header', { class: 'bar' },
        make('div', { class: 'top' }, make('h1', {}, make('bdi', {}, hunt.title)), phase),
        standing.bar, connection),
      make('div', { class: 'columns' },
        make('div', { class: 'side' }, pausedCard, announcements, standing.card, team),
        challenges.element),
      make('footer', { class: 'links' },
        make('span', {}, 'You play as ', name),
        make('a', { href: `/board/${encodeURIComponent(hunt.id)}` }, 'Whole board'),
        make('a', { href: '/' }, 'All hunts')),
      standing.spoken.element,
    );
    setTimes(hunt);
    refetch();
    live.start();
  });
}

/** Fetches now, and once more if it was asked for meanwhile; tries again until the server can be reached. */
function freshly(fetchAll: () => Promise<void>, gone: () => void): () => void {
  let running = false;
  let again = false;
  return async function fetchNow(): Promise<void> {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        await fetchAll();
      } catch (problem) {
        if (problem instanceof Problem && problem.code === 'TokenInvalid') return gone();
        again = true;
        await new Promise((passed) => setTimeout(passed, FETCH_AGAIN_MS * (0.5 + Math.random())));
      }
    }
    running = false;
  };
}

/** Why no answers are taken; empty while they are. */
function notice({ phase, opens, closes, closes_for_all: forAll }: Times, credit: number): string {
  switch (phase) {
    case 'scheduled':
      return opens !== undefined && opens > serverNow() ? `The hunt opens at ${clockTime(opens)}. The challenges appear here by themselves.` : 'The hunt has not opened yet. The challenges appear here by themselves.';
    case 'paused':
      return 'The hunt is paused. No answers are taken until it goes on.';
    case 'closed':
      return 'The hunt is closed. Thank you for playing!';
    case 'open':
      if (forAll === undefined || closes === undefined || closes + credit > serverNow()) return '';
      return `Your time is over. Those who had to wait still play: the hunt closes for all at ${clockTime(forAll)}, and then the ranks are final.`;
  }
}

function announced({ text, time }: Announcement): HTMLElement {
  const item = make('div', { class: 'card' },
    make('p', { class: 'text', dir: 'auto' }, make('span', { class: 'quiet' }, `${clockTime(time)} `), text),
    make('button', { type: 'button', class: 'plain', 'aria-label': 'Dismiss this announcement', click: () => item.remove() }, '✕'));
  appear(item);
  return item;
}
