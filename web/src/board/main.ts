/** The big screen at /board/{hunt}: the top of the board, moving, for a hall to look at. */

import { huntOfPage, make, write } from '../dom.ts';
import { getHunt, liveUrl, Problem } from '../http.ts';
import { Live, type Board, type Connection, type Times } from '../live.ts';
import { appear } from '../motion.ts';
import { counted, phaseInWords } from '../phase.ts';
import { Rows } from '../rows.ts';
import { Spoken } from '../spoken.ts';

const ANNOUNCED_MS = 120_000;

const page = document.getElementById('page')!;
const hunt = huntOfPage();

const title = make('h1', {}, make('bdi', {}, hunt));
const phase = make('p', { class: 'phase' });
const teams = make('p', { class: 'teams' });
const connection = make('p', { class: 'connection', role: 'status' });
const news = make('p', { class: 'news', role: 'status' });
const rows = new Rows('The best teams');
const empty = make('p', { class: 'empty' }, 'The board fills as soon as the first team has joined.');
const spoken = new Spoken();
const pause = make('button', { type: 'button', class: 'pause', 'aria-pressed': 'false', click: togglePause }, 'Hold still');

let times: Times = { phase: 'scheduled' };
let newest: Board | null = null;
let held = false;
let whoPlays = 'team';
let unsay: ReturnType<typeof setTimeout> | undefined;

function showBoard(board: Board): void {
  newest = board;
  if (held) return;
  rows.show(board.top);
  empty.hidden = board.top.length > 0;
  write(teams, counted(board.teams, whoPlays));
  const first = board.top[0];
  if (first) spoken.say(`${first.name} leads with ${counted(first.score, 'point')}; ${counted(board.teams, whoPlays)}.`);
}

function showPhase(): void {
  page.dataset['phase'] = times.phase;
  write(phase, times.phase === 'closed' ? 'Final standings' : phaseInWords(times));
}

function showConnection(now: Connection): void {
  connection.dataset['state'] = now.state;
  write(connection, now.state === 'live' ? '' : now.state === 'ended' ? `Not live any more (${now.code}). Load the page again.` : 'Connecting…');
}

function togglePause(): void {
  held = !held;
  pause.setAttribute('aria-pressed', String(held));
  if (!held && newest) showBoard(newest);
}

const where = new URL(`/play/${encodeURIComponent(hunt)}`, location.href);

async function start(): Promise<void> {
  const card = await getHunt(hunt);
  document.title = `${card.title}: board`;
  write(title.firstElementChild!, card.title);
  times = card;
  whoPlays = card.team_size > 1 ? 'team' : 'hunter';
  showPhase();
  setInterval(showPhase, 1000);
  page.replaceChildren(
    make('header', {}, title, make('div', { class: 'facts' }, teams, phase)),
    news,
    make('div', { class: 'standings' }, rows.element, empty),
    make('footer', {}, make('p', { class: 'join' }, 'Join at ', make('a', { href: where.href }, `${where.host}${where.pathname}`)), connection, pause),
    spoken.element,
  );
  const live = new Live({
    url: liveUrl(hunt),
    sight: { around: 0, top: 50 },
    handlers: {
      connection: showConnection,
      welcome(welcome) {
        times = welcome;
        showPhase();
        write(teams, counted(welcome.teams, whoPlays));
      },
      hunt(changed) {
        times = changed;
        showPhase();
      },
      board: showBoard,
      announcement({ text }) {
        write(news, text);
        appear(news);
        clearTimeout(unsay);
        unsay = setTimeout(() => write(news, ''), ANNOUNCED_MS);
      },
    },
  });
  live.start();
  addEventListener('online', () => live.wake());
  document.addEventListener('visibilitychange', () => document.hidden || live.wake());
}

function fail(problem: unknown): void {
  const unknown = problem instanceof Problem && problem.code === 'HuntUnknown';
  page.replaceChildren(
    make('h1', {}, unknown ? 'There is no such hunt' : 'Not reachable'),
    make('p', { role: 'alert' }, (problem as Error).message),
    make('p', {}, make('a', { href: '/' }, 'All hunts')),
  );
  // A big screen has nobody beside it to press a button.
  if (!unknown) setTimeout(() => start().catch(fail), 5_000);
}

start().catch(fail);
