/** What a device keeps: the token of each hunt for all tabs, numbering and unanswered submissions for one tab. */

import type { TeamWish } from './http.ts';
import type { Session } from './live.ts';
import { newSession } from './live.ts';

const ASK_MS = 150;

/** Null: this device has not joined the hunt, or its token did not hold. */
export function tokenOf(hunt: string): string | null {
  return read(() => localStorage, key(hunt, 'token'));
}

export function keepToken(hunt: string, token: string): void {
  write(() => localStorage, key(hunt, 'token'), token);
}

/** The token does not hold any more, and what was numbered under it means nothing to its successor. */
export function forget(hunt: string): void {
  write(() => localStorage, key(hunt, 'token'), null);
  write(() => sessionStorage, key(hunt, 'session'), null);
}

/** A place in the waiting room, with what the join has to say once there is a seat. All tabs of a device share it. */
export interface Waiting {
  ticket: string;
  nickname: string;
  team?: TeamWish;
}

export function waitingOf(hunt: string): Waiting | null {
  const stored = read(() => localStorage, key(hunt, 'waiting'));
  return stored === null ? null : (JSON.parse(stored) as Waiting);
}

export function keepWaiting(hunt: string, waiting: Waiting | null): void {
  write(() => localStorage, key(hunt, 'waiting'), waiting === null ? null : JSON.stringify(waiting));
}

export function keepSession(hunt: string, session: Session): void {
  write(() => sessionStorage, key(hunt, 'session'), JSON.stringify(session));
}

/**
 * This tab's session: the one from before a reload, or a new one. A duplicated tab starts with a copy of its original's storage; two tabs under one
 * instance would throw each other out, so the copy asks whether somebody has that instance and takes another.
 */
export async function sessionOf(hunt: string): Promise<Session> {
  const stored = read(() => sessionStorage, key(hunt, 'session'));
  let session = stored === null ? newSession() : (JSON.parse(stored) as Session);
  const tabs = new BroadcastChannel(key(hunt, 'instances'));
  if (stored !== null && (await isTaken(tabs, session.instance))) session = newSession();
  tabs.onmessage = (event: MessageEvent<{ ask?: string }>) => {
    if (event.data.ask === session.instance) tabs.postMessage({ taken: session.instance });
  };
  keepSession(hunt, session);
  return session;
}

function isTaken(tabs: BroadcastChannel, instance: string): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ASK_MS);
    tabs.onmessage = (event: MessageEvent<{ taken?: string }>) => {
      if (event.data.taken === instance) resolve(true);
    };
    tabs.postMessage({ ask: instance });
  });
}

function key(hunt: string, what: string): string {
  return `veltrix/${hunt}/${what}`;
}

// A browser may forbid storage altogether; the page then works until it is closed.
const memory = new Map<string, string>();

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(storage: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    if (value === null) memory.delete(key);
    else memory.set(key, value);
  }
}
