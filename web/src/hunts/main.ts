/** The list of hunts at /. */

import { make } from '../dom.ts';
import { getHunts, type HuntLine } from '../http.ts';
import { counted, phaseInWords } from '../phase.ts';

const page = document.getElementById('page')!;

async function show(): Promise<void> {
  try {
    const hunts = await getHunts();
    page.replaceChildren(
      make('h1', {}, 'Hunts'),
      hunts.length > 0 ? make('ul', { class: 'hunts' }, ...hunts.map(line)) : make('p', { class: 'quiet' }, 'No hunt is published here yet.'),
    );
  } catch (problem) {
    page.replaceChildren(
      make('h1', {}, 'Hunts'),
      make('p', { role: 'alert' }, (problem as Error).message),
      make('button', { type: 'button', click: () => void show() }, 'Try again'),
    );
  }
}

function line(hunt: HuntLine): HTMLElement {
  const id = encodeURIComponent(hunt.id);
  return make(
    'li',
    { class: 'card' },
    make('h2', {}, make('bdi', {}, hunt.title)),
    make('p', { class: 'quiet' }, `${phaseInWords(hunt)} · ${counted(hunt.teams, 'team')}`),
    make('p', { class: 'links' },
      make('a', { class: 'button', href: `/play/${id}`, 'aria-label': `Play ${hunt.title}` }, 'Play'),
      make('a', { href: `/board/${id}`, 'aria-label': `Board of ${hunt.title}` }, 'Board')),
  );
}

void show();
