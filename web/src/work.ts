/** The little work that a join costs while seats are scarce (docs/reference/http.md, ProofNeeded). */

import { sha256, zeroBits } from './sha256.ts';

export interface Proof {
  challenge: string;
  nonce: string;
}

/** So long it works before it lets the page breathe. */
const SLICE_MS = 25;

export async function work(challenge: string, bits: number, breathe: () => Promise<void> = pause): Promise<Proof> {
  let began = Date.now();
  for (let tried = 0; ; tried++) {
    const nonce = tried.toString(36);
    if (zeroBits(sha256(`${challenge}.${nonce}`)) >= bits) return { challenge, nonce };
    if (tried % 64 !== 0 || Date.now() - began < SLICE_MS) continue;
    await breathe();
    began = Date.now();
  }
}

function pause(): Promise<void> {
  return new Promise((passed) => setTimeout(passed));
}
