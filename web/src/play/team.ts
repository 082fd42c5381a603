/** The hunter's team and the code that lets others in. */

import { make, write } from '../dom.ts';
import type { HuntCard } from '../http.ts';
import type { Team } from '../live.ts';
import { invitation } from './joining.ts';

/** @param founded the team was founded just now: the code is what its founder needs next. */
export function teamCard(hunt: HuntCard, team: Team, founded: boolean): HTMLElement {
  const invite = team.invite ?? '';
  const link = invitation(hunt.id, invite);
  const said = make('span', { class: 'quiet', role: 'status' });
  const share = make('button', { type: 'button', click: async () => {
    if (typeof navigator.share === 'function') await navigator.share({ title: hunt.title, text: `Join ${team.name}: ${invite}`, url: link }).catch(() => undefined);
    else await navigator.clipboard.writeText(link).then(() => write(said, 'Link copied.'), () => write(said, link));
  } }, typeof navigator.share === 'function' ? 'Share the link' : 'Copy the link');
  // Both ways need a secure page. Without them the code can still be read out and typed.
  share.hidden = !('share' in navigator) && !('clipboard' in navigator);
  return make('details', { class: 'card fold team', open: founded },
    make('summary', {}, 'Your team: ', make('bdi', {}, team.name)),
    make('p', {}, 'Others join it with the code ', make('code', {}, invite.replace(/(.{4})(?=.{4})/g, '$1 '))),
    make('p', { class: 'links' }, share, said));
}
