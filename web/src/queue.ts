/**
 * Waiting for a seat with a ticket: on a socket while the server gives one, else by asking now and then; whatever happens to either, the ticket keeps the place.
 *
 * No DOM: socket and questions are handed in.
 */

import type { Announcement, Row, Socket, Times } from './live.ts';

/** Where somebody stands: docs/reference/http.md. */
export interface Standing {
  /** From 1; null before lots are drawn, and while the server does not know. */
  place: number | null;
  ahead: number | null;
  waiting: number;
  limit: number;
  seated: number;
  /** Null: it cannot be said yet. */
  eta: { from_s: number; to_s: number } | null;
  poll_s: number;
  socket?: boolean;
  reason: string;
  clock: 'absolute' | 'personal';
  drawn_at?: number;
  /** The first of the board; only on a socket. */
  top?: Row[];
}

export interface QueueOptions {
  url: string;
  ticket: string;
  open?: (url: string) => Socket;
  /** Asks over HTTP. Throws where the server cannot be reached. */
  ask: () => Promise<Standing & { state: 'waiting' | 'admitted' }>;
  stands: (standing: Standing) => void;
  hunt?: (times: Times) => void;
  announcement?: (announcement: Announcement) => void;
  /** There is a seat: join with the ticket. */
  admitted: () => void;
  /** The ticket does not hold here. */
  refused: () => void;
  random?: () => number;
}

const TICKET_INVALID = 4505;
const POLL_INSTEAD = 4004;
const POLL_S = 5;
/** Frames come every ten seconds. */
const SILENCE_MS = 35_000;
const SOCKET_AGAIN_MS = 60_000;

export class Queue {
  readonly #options: QueueOptions;
  readonly #random: () => number;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #pollS = POLL_S;
  #over = false;
  /** No socket before. */
  #notBefore = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** @param socket whether the server has one to give. */
  start(socket: boolean): void {
    if (socket) this.#connect();
    else this.#poll(0);
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#drop()?.close(1000);
  }

  #connect(): void {
    const open = this.#options.open ?? ((url: string) => new WebSocket(url, 'veltrix.v1.json') as Socket);
    const socket = (this.#socket = open(this.#options.url));
    this.#watch();
    socket.onopen = () => socket.send(JSON.stringify({ id: 1, hello: { ticket: this.#options.ticket } }));
    socket.onmessage = (event: { data: unknown }) => this.#receive(String(event.data));
    socket.onclose = (event: { code: number; reason: string }) => this.#lost(event.code);
  }

  #receive(text: string): void {
    this.#watch();
    const frame = JSON.parse(text) as { waiting?: Standing; admitted?: object; hunt?: Times; announcement?: Announcement };
    if (frame.waiting) this.#stands(frame.waiting);
    else if (frame.admitted) this.#admitted();
    else if (frame.hunt) this.#options.hunt?.(frame.hunt);
    else if (frame.announcement) this.#options.announcement?.(frame.announcement);
  }

  #stands(standing: Standing): void {
    this.#pollS = standing.poll_s || POLL_S;
    this.#options.stands(standing);
  }

  #admitted(): void {
    if (this.#over) return;
    this.stop();
    this.#options.admitted();
  }

  #lost(code: number): void {
    this.#drop();
    if (this.#over) return;
    if (code === TICKET_INVALID) {
      this.stop();
      this.#options.refused();
      return;
    }
    // Whoever lost its socket asks; most get one again with the next answer.
    if (code === POLL_INSTEAD) this.#notBefore = Date.now() + SOCKET_AGAIN_MS;
    this.#poll(1 + 3 * this.#random());
  }

  #poll(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), seconds * 1000);
  }

  async #ask(): Promise<void> {
    try {
      const standing = await this.#options.ask();
      if (this.#over) return;
      if (standing.state === 'admitted') return this.#admitted();
      this.#stands(standing);
      if (standing.socket && Date.now() >= this.#notBefore) return this.#connect();
    } catch (problem) {
      if (this.#over) return;
      if ((problem as { code?: string }).code === 'TicketInvalid') {
        this.stop();
        return this.#options.refused();
      }
      // Not reachable just now: the place does not run away that fast.
    }
    this.#poll(this.#pollS * (0.75 + this.#random() / 2));
  }

  // A socket may be dead for minutes before it says so.
  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const socket = this.#socket;
      this.#lost(1006);
      socket?.close();
    }, SILENCE_MS);
  }

  #drop(): Socket | null {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    clearTimeout(this.#silence);
    this.#socket = null;
    return socket;
  }
}

/** How long it will take, as one would say it. */
export function etaInWords(eta: Standing['eta']): string {
  if (eta === null) return 'We cannot say yet how long it takes.';
  const { from_s, to_s } = eta;
  if (to_s <= 60) return 'Less than a minute.';
  if (to_s < 120) return 'About a minute or two.';
  const from = Math.max(1, Math.round(from_s / 60));
  const to = Math.ceil(to_s / 60);
  if (to <= 90) return from >= to ? `About ${to} minutes.` : `About ${from} to ${to} minutes.`;
  const hours = (minutes: number) => Math.max(1, Math.round(minutes / 60));
  return hours(from) === hours(to) ? `About ${hours(to)} hours.` : `About ${hours(from)} to ${hours(to)} hours.`;
}
