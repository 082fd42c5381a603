/** The page at /play/{hunt}: join, wait where all seats are taken, then play; join again when the token does not hold any more. */

import { huntOfPage, make } from '../dom.ts';
import { getHunt, join, Problem, type HuntCard, type Joined, type Queued } from '../http.ts';
import type { Standing } from '../queue.ts';
import { forget, keepToken, keepWaiting, sessionOf, tokenOf, waitingOf, type Waiting } from '../store.ts';
import { play } from './game.ts';
import { joining } from './joining.ts';
import { waitInRoom } from './room.ts';

/** Refusals of a join that do not last. */
const PASSES = new Set(['Unreachable', 'AdmissionClosed', 'Unavailable', 'Http502', 'Http503', 'Http504']);
const AGAIN_MS = 2_000;

const page = document.getElementById('page')!;

async function run(hunt: HuntCard): Promise<never> {
  document.title = hunt.title;
  for (let why: string | undefined; ; why = 'This device’s place in the hunt does not hold any more. Please join again.') {
    let token = tokenOf(hunt.id);
    const fresh = token === null;
    if (token === null) {
      token = await enter(hunt, why);
      keepToken(hunt.id, token);
    }
    await play(page, hunt, token, await sessionOf(hunt.id), fresh);
    forget(hunt.id);
  }
}

/** Gives the token, however long it takes. A reload comes back to where it was: the ticket is kept. */
async function enter(hunt: HuntCard, why?: string): Promise<string> {
  let standing: Standing | undefined;
  for (;;) {
    const waiting = waitingOf(hunt.id);
    if (waiting === null) {
      const { answer, nickname, team } = await joining(page, hunt, why);
      if ('token' in answer) return answer.token;
      standing = answer;
      keepWaiting(hunt.id, { ticket: answer.ticket, nickname, ...(team && { team }) });
      continue;
    }
    const admitted = await waitInRoom(page, hunt, waiting.ticket, standing);
    standing = undefined;
    const answer = admitted ? await joinAfterAll(hunt.id, waiting) : 'Your place in the queue does not hold any more. Please join again.';
    if (typeof answer === 'string') {
      keepWaiting(hunt.id, null);
      why = answer;
    } else if ('token' in answer) {
      keepWaiting(hunt.id, null);
      return answer.token;
    } else standing = answer;
  }
}

/** What came of it, or why it cannot be any more. */
async function joinAfterAll(hunt: string, { ticket, nickname, team }: Waiting): Promise<Joined | Queued | string> {
  for (;;) {
    try {
      return await join(hunt, nickname, team, ticket);
    } catch (problem) {
      if (!(problem instanceof Problem) || !PASSES.has(problem.code)) return (problem as Error).message;
      await new Promise((passed) => setTimeout(passed, AGAIN_MS * (0.5 + Math.random())));
    }
  }
}

function load(): void {
  getHunt(huntOfPage()).then(run).catch((problem: unknown) => {
    const unknown = problem instanceof Problem && problem.code === 'HuntUnknown';
    page.replaceChildren(
      make('h1', {}, unknown ? 'There is no such hunt' : 'Not reachable'),
      make('p', { role: 'alert' }, (problem as Error).message),
      make('button', { type: 'button', hidden: unknown, click: load }, 'Try again'),
      make('p', {}, make('a', { href: '/' }, 'All hunts')),
    );
  });
}

load();
