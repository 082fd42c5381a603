/** The phases of a hunt in words, with the time that is left. */

import { serverNow } from './http.ts';
import type { Times } from './live.ts';

/** @param credit what the team waited and gets back, in ms: its own time ends so much later. */
export function phaseInWords({ phase, opens, closes, closes_for_all: forAll }: Times, credit = 0): string {
  const now = serverNow();
  switch (phase) {
    case 'scheduled':
      return opens === undefined ? 'Not open yet' : opens > now ? `Opens in ${span(opens - now)}` : 'Opening…';
    case 'open':
      if (closes === undefined) return 'Open';
      if (closes + credit > now) return `${span(closes + credit - now)} left`;
      return forAll !== undefined && forAll > now ? `Closes for all at ${clockTime(forAll)}` : 'Closing…';
    case 'paused':
      return 'Paused';
    case 'closed':
      return 'Closed';
  }
}

/** 12 s as 0:12, then 3:07, 2:03:07, and from two days on 2 days 3 h. */
export function span(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (hours >= 48) return `${Math.floor(hours / 24)} days ${hours % 24} h`;
  const minutes = (seconds % 3600) / 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : Math.floor(minutes)}:${two(seconds % 60)}`;
}

export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const endings: Record<string, string> = { one: 'st', two: 'nd', few: 'rd' };

/** 1st, 2nd, 3rd, 4th. */
export function ordinal(rank: number): string {
  return `${rank.toLocaleString('en')}${endings[ordinals.select(rank)] ?? 'th'}`;
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
