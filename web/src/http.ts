/** What the pages ask over HTTP: docs/reference/http.md. */

import type { Team, Times } from './live.ts';
import type { Standing } from './queue.ts';
import { work, type Proof } from './work.ts';

export interface HuntLine extends Times {
  id: string;
  title: string;
  teams: number;
}

export interface HuntCard extends HuntLine {
  description: string;
  team_size: number;
  challenges: number;
}

export interface Joined {
  hunter: string;
  token: string;
  nickname: string;
  team: Team;
}

/** Asked for a seat when all were taken. */
export interface Queued extends Standing {
  ticket: string;
}

export type TeamWish = { found: string } | { invite: string };

export interface Challenge {
  id: string;
  name: string;
  category: string;
  text: string;
  points: number;
  state: 'open' | 'solved';
  attempts_left?: number;
}

export interface ChallengeList {
  challenges: Challenge[];
  locked: number;
}

/** An answer that is no success. The message is a sentence for people. */
export class Problem extends Error {
  readonly code: string;
  /** What the problem says besides. */
  readonly more: Record<string, unknown>;

  constructor(code: string, message: string, more: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.more = more;
  }
}

/** How far this device's clock is behind the server's; below two seconds nobody sees it, and the Date header knows no better. */
let behindMs = 0;

export function serverNow(): number {
  return Date.now() + behindMs;
}

export function liveUrl(hunt: string): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path(hunt)}/live`;
}

export async function getHunts(): Promise<HuntLine[]> {
  return (await ask<{ hunts: HuntLine[] }>('/v1/hunts')).hunts;
}

export function getHunt(hunt: string): Promise<HuntCard> {
  return ask(path(hunt));
}

export function getChallenges(hunt: string, token: string): Promise<ChallengeList> {
  return ask(`${path(hunt)}/challenges`, { headers: { Authorization: `Bearer ${token}` } });
}

/** Joins, with the work that it may cost. */
export async function join(hunt: string, nickname: string, team?: TeamWish, ticket?: string): Promise<Joined | Queued> {
  const once = (proof?: Proof) => ask<Joined | Queued>(`${path(hunt)}/join`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ nickname, team, ticket, proof }),
  });
  try {
    return await once();
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== 'ProofNeeded') throw problem;
    return once(await work(String(problem.more['challenge']), Number(problem.more['bits'])));
  }
}

export function getPlace(hunt: string, ticket: string): Promise<Standing & { state: 'waiting' | 'admitted' }> {
  return ask(`${path(hunt)}/place`, { headers: { Authorization: `Bearer ${ticket}` } });
}

function path(hunt: string): string {
  return `/v1/hunts/${encodeURIComponent(hunt)}`;
}

async function ask<T>(url: string, request?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch {
    throw new Problem('Unreachable', 'The server cannot be reached. Check the connection of this device.');
  }
  const said = Date.parse(response.headers.get('Date') ?? '');
  if (said) behindMs = Math.abs(said - Date.now()) > 2_000 ? said - Date.now() : 0;
  const body = (await response.json().catch(() => ({}))) as T & { code?: string; detail?: string; member?: string };
  if (response.ok) return body;
  // A form shows the sentence beside the field, and need not name the member.
  const detail = body.detail?.replace(`${body.member}: `, '');
  throw new Problem(body.code ?? `Http${response.status}`, detail ?? `The server answered ${response.status}. Try again in a moment.`, body as Record<string, unknown>);
}
