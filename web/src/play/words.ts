/** Codes of the protocol as sentences for hunters. An unknown one, of a newer server, is shown as it is. */

const refusals: Record<string, string> = {
  NotOpen: 'The hunt is not open yet.',
  Paused: 'The hunt is paused. Try again when it goes on.',
  Closed: 'The hunt is closed; this came too late.',
  Locked: 'This challenge is still locked for your team.',
  AlreadySolved: 'Your team has solved this already.',
  OutOfAttempts: 'Your team has no attempts left here.',
  UnknownChallenge: 'This challenge is not part of the hunt.',
  Banned: 'You have been excluded from this hunt by its organisers.',
  NotJoined: 'You are not part of this hunt. Join again.',
};

export function refusal(reason = ''): string {
  return refusals[reason] ?? `The answer was refused: ${reason}.`;
}

const endings: Record<string, string> = {
  HuntUnknown: 'This hunt is not on this server any more.',
  Banned: 'You have been excluded from this hunt by its organisers.',
  Replaced: 'This hunt goes on in another window.',
  Abuse: 'The server closed the connection because of too many faulty messages.',
  Normal: 'The hunt said goodbye.',
};

export function ending(code: string): string {
  return endings[code] ?? `The server closed the connection: ${code}.`;
}
