/** The page at /play/{hunt}: join, then play; join again when the token does not hold any more. */

import { huntOfPage, make } from '../dom.ts';
import { getHunt, Problem, type HuntCard } from '../http.ts';
import { forget, keepToken, sessionOf, tokenOf } from '../store.ts';
import { play } from './game.ts';
import { joining } from './joining.ts';

const page = document.getElementById('page')!;

async function run(hunt: HuntCard): Promise<never> {
  document.title = hunt.title;
  for (let why: string | undefined; ; why = 'This device’s place in the hunt does not hold any more. Please join again.') {
    let token = tokenOf(hunt.id);
    const fresh = token === null;
    if (token === null) {
      ({ token } = await joining(page, hunt, why));
      keepToken(hunt.id, token);
    }
    await play(page, hunt, token, await sessionOf(hunt.id), fresh);
    forget(hunt.id);
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
