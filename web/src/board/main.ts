/** The big screen at /board/{hunt}: the top of the board, moving, for a hall to look at. */

import { huntOfPage, make, write } from '../dom.ts';
import { getHunt, liveUrl, Problem } from '../http.ts';
import { Live, type Board, type Connection, type Graph, type Sight, type Times } from '../live.ts';
import { appear } from '../motion.ts';
import { counted, phaseInWords } from '../phase.ts';
import { GraphView } from './graph.ts';
import { Rows } from '../rows.ts';
import { Spoken } from '../spoken.ts';

const ANNOUNCED_MS = 120_000;

const page = document.getElementById('page')!;
const hunt = huntOfPage();

const title = make('h1', {}, make('bdi', {}, hunt));
const phase = make('p', { class: 'phase' });
const teams = make('p', { class: 'teams' });
const here = make('p', { class: 'here' });
const connection = make('p', { class: 'connection', role: 'status' });
const news = make('p', { class: 'news', role: 'status' });
const rows = new Rows('The best teams');
const empty = make('p', { class: 'empty' }, 'The board fills as soon as the first team has joined.');
const spoken = new Spoken();
const graph = new GraphView();
const graphSwitch = make('button', { type: 'button', class: 'quieter', click: toggleGraph }, 'Graph');
const pause = make('button', { type: 'button', class: 'quieter pause', 'aria-pressed': 'false', click: togglePause }, 'Hold still');

let times: Times = { phase: 'scheduled' };
let newest: Board | null = null;
let held = false;
let live: Live | undefined;
let whoPlays = 'team';
/** Kept in the address, so that a hall's screen comes back as it was. */
let withGraph = location.hash === '#graph';
let newestGraph: Graph | null = null;
let unsay: ReturnType<typeof setTimeout> | undefined;

function showBoard(board: Board): void {
  newest = board;
  if (held) return;
  rows.show(board.top);
  empty.hidden = board.top.length > 0;
  write(teams, counted(board.teams, whoPlays));
  if (board.present !== undefined) write(here, board.present === null ? '' : `${board.present.toLocaleString('en')} here now`);
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

function showGraph(changed: Graph): void {
  newestGraph = changed;
  if (!held) graph.show(changed);
}

function togglePause(): void {
  held = !held;
  pause.setAttribute('aria-pressed', String(held));
  if (held) return;
  if (newest) showBoard(newest);
  if (newestGraph) showGraph(newestGraph);
}

/** With the graph beside it the list is the first ten, with room for both. */
function sight(): Sight {
  return { around: 0, top: withGraph ? 10 : 50, graph: withGraph };
}

function arrange(): void {
  page.dataset['graph'] = String(withGraph);
  graphSwitch.setAttribute('aria-pressed', String(withGraph));
}

function toggleGraph(): void {
  withGraph = !withGraph;
  history.replaceState(null, '', withGraph ? '#graph' : location.pathname);
  arrange();
  live?.show(sight());
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
    make('header', {}, title, make('div', { class: 'facts' }, here, teams, phase)),
    news,
    make('div', { class: 'standings' }, rows.element, graph.element, empty),
    make('footer', {}, make('p', { class: 'join' }, 'Join at ', make('a', { href: where.href }, `${where.host}${where.pathname}`)), connection, graphSwitch, pause),
    spoken.element,
  );
  arrange();
  live = new Live({
    url: liveUrl(hunt),
    sight: sight(),
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
      graph: showGraph,
      announcement({ text }) {
        write(news, text);
        appear(news);
        clearTimeout(unsay);
        unsay = setTimeout(() => write(news, ''), ANNOUNCED_MS);
      },
    },
  });
  live.start();
  addEventListener('online', () => live?.wake());
  document.addEventListener('visibilitychange', () => document.hidden || live?.wake());
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
