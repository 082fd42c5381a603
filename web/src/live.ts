/**
 * The live connection of one hunt: the protocol of docs/reference/protocol.md as seen by a player or a spectator.
 *
 * What it takes off its user's hands: connecting again with back-off, noticing a connection that died without a word, and bringing every answer
 * through exactly once. An answer is kept, under a number of its own, until its outcome is here; after a reconnect it goes out again under the
 * same number. Answers go out one at a time, the next after the acknowledgement of the last: the server decides an instance's numbers in rising
 * order, so one that is told to wait (`TooFast`, `Unavailable`) must not be overtaken.
 *
 * No DOM: the socket is handed in, and a session is a plain object that its user stores.
 */

import type { Standing } from './queue.ts';

export type Phase = 'scheduled' | 'open' | 'paused' | 'closed';

export interface Times {
  phase: Phase;
  /** Milliseconds since 1970, like all times. */
  opens?: number;
  closes?: number;
  /** Later than `closes` where those who had to wait play on: before it no rank is final. */
  closes_for_all?: number;
}

export interface Team {
  number: number;
  name: string;
  /** Lets others into the team; only where teams have more than one hunter. */
  invite?: string;
}

export interface Row {
  rank: number;
  team: number;
  name: string;
  score: number;
}

export interface Welcome extends Times {
  hunt: string;
  teams: number;
  reconnect?: { min_ms: number; max_ms: number };
  /** Another server, for when this one falls silent. */
  elsewhere?: string;
  // For hunters, not for spectators:
  hunter?: string;
  name?: string;
  team?: Team;
  /** How much later than `closes` this team's own time ends. */
  credit_ms?: number;
  score?: number;
  rank?: number;
  last_seq?: number;
  last_outcome?: number;
}

export interface Outcome {
  number: number;
  command: string;
  seq: number;
  hunter: string;
  challenge: string;
  verdict: 'correct' | 'incorrect' | 'refused';
  reason?: string;
  points?: number;
  score: number;
  rank?: number;
  attempts_left?: number;
  unlocked?: string[];
  time: number;
}

export interface Board {
  as_of: { position: number; time: number };
  next_ms: number;
  teams: number;
  /** Hunters that are here, at most every few seconds; null: that is not told for now. */
  present?: number | null;
  top: Row[];
  me?: { rank: number; score: number };
  around?: Row[];
}

/** How the scores of the first teams came about. */
export interface Graph {
  as_of: { position: number; time: number };
  /** When the hunt opened: the seconds of all points count from there. */
  from: number;
  /** In the order of their ranks. From `seconds` on the score was `score`. */
  lines: { team: number; name: string; points: [seconds: number, score: number][] }[];
}

export interface Announcement {
  text: string;
  time: number;
}

/** What a page wants to see in board frames: neighbours on each side (0–10), rows from the top (0, 10 or 50); and whether graphs of the top are to come. */
export interface Sight {
  around: number;
  top: 0 | 10 | 50;
  graph?: boolean;
}

/** An answer on its way. */
export interface Submission {
  readonly seq: number;
  readonly challenge: string;
  readonly answer: string;
  /** kept: not sent yet, or to be sent again. received: the server has it durably. Gone from the session once its outcome is here. */
  state: 'kept' | 'sent' | 'received';
}

/** What must survive a reload of the page: one tab's numbering and the answers that have no outcome yet. */
export interface Session {
  readonly instance: string;
  /** The highest number used. Never used for another answer. */
  seq: number;
  lastOutcome: number;
  submissions: Submission[];
}

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Lost; the next try is at `until`. */
  | { state: 'waiting'; until: number }
  /** Closed for good. `code` is a name of the protocol, such as TokenInvalid. */
  | { state: 'ended'; code: string };

export interface LiveHandlers {
  /** There is no seat for this hunter just now: it was away for too long. Comes again and again until the welcome. */
  waiting?(standing: Standing): void;
  connection(connection: Connection): void;
  /** @param missed outcomes were told while this session was away, so challenges have to be fetched again. */
  welcome(welcome: Welcome, missed: boolean): void;
  board(board: Board): void;
  graph?(graph: Graph): void;
  hunt(times: Times): void;
  announcement(announcement: Announcement): void;
  /** @param own the answer that it decides, if it was sent from here. @param again it was told before this connection began. */
  outcome?(outcome: Outcome, own: Submission | undefined, again: boolean): void;
  /** A submission changed its state. */
  submission?(submission: Submission): void;
  /** The server will never take this one (`why` says what is wrong), or has decided it so long ago that it does not tell the outcome again (no `why`). */
  dropped?(submission: Submission, why?: string): void;
}

export interface LiveOptions {
  url: string;
  /** Without one, a spectator. */
  token?: string;
  session?: Session;
  sight: Sight;
  handlers: LiveHandlers;
  /** Called when the session changed. */
  save?: (session: Session) => void;
  open?: (url: string) => Socket;
  /** 0 ≤ random() < 1. */
  random?: () => number;
}

/** The part of a WebSocket that is used here. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown } & never) => void) | null;
  onclose: ((event: { code: number; reason: string } & never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

interface Fault {
  code: string;
  message: string;
  retry_after_ms?: number;
}

interface ServerFrame {
  id?: number;
  welcome?: Welcome;
  waiting?: Standing;
  ack?: { command: string };
  outcome?: Outcome;
  board?: Board;
  graph?: Graph;
  hunt?: Times;
  announcement?: Announcement;
  error?: Fault;
}

/** Longest answer the server takes, in UTF-16 units. */
export const ANSWER_MAX = 400;

const WELCOME_WITHIN_MS = 10_000;
/** Boards come only when something moves, so silence alone says nothing: after this time without a frame the server is asked whether it is there. */
const SILENCE_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const WATCH_MS = 2_500;
/** A connection that held this long was a good one: the next loss starts again with a short wait. */
const GOOD_AFTER_MS = 10_000;
/** Close codes below 4000 after which a return is pointless. */
const FINAL: Record<number, string> = { 1000: 'Normal', 1009: 'FrameTooBig' };

export function newSession(random: () => number = Math.random): Session {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const instance = Array.from({ length: 10 }, () => letters[Math.floor(random() * letters.length)]).join('');
  return { instance, seq: 0, lastOutcome: 0, submissions: [] };
}

export class Live {
  readonly #options: LiveOptions;
  readonly #session: Session;
  readonly #random: () => number;
  /** Where the server is: `options.url`, or where a server that went away sent us. */
  #at: string;
  /** Another server, as the last welcome named it. */
  #elsewhere: string | undefined;
  #sight: Sight;
  #socket: Socket | null = null;
  #hunter = '';
  #welcomed = 0;
  /** On the line, and without a seat. */
  #waits = false;
  #frames = 0;
  #helloId = 0;
  /** The one submission that has been sent and not acknowledged. */
  #inFlight: { id: number; seq: number } | null = null;
  #heldUntil = 0;
  #told = { seq: 0, outcome: 0 };
  #tries = 0;
  #reconnect = { min_ms: 500, max_ms: 20_000 };
  /** The server asked not to be called before. */
  #notBefore = 0;
  #heard = 0;
  #pinged = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #resume: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#session = options.session ?? newSession(this.#random);
    this.#sight = options.sight;
    this.#at = options.url;
  }

  get submissions(): readonly Submission[] {
    return this.#session.submissions;
  }

  start(): void {
    clearTimeout(this.#retry);
    this.#options.handlers.connection({ state: 'connecting' });
    const open = this.#options.open ?? ((url: string) => new WebSocket(url, 'veltrix.v1.json') as Socket);
    const socket = (this.#socket = open(this.#at));
    this.#heard = Date.now();
    this.#pinged = this.#welcomed = 0;
    socket.onopen = () => this.#hello();
    socket.onmessage = (event: { data: unknown }) => this.#receive(String(event.data));
    socket.onclose = (event: { code: number; reason: string }) => this.#lost(event.code, event.reason);
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
  }

  /** Says goodbye. Answers without an outcome stay in the session. */
  stop(): void {
    this.#drop()?.close(1000);
    clearTimeout(this.#retry);
  }

  /** The device woke up or is online again: no reason to wait longer than the server asked for, and a dead connection should be noticed at once. */
  wake(): void {
    if (this.#welcomed) this.#ping();
    else if (!this.#socket && this.#retry) this.#wait(Math.max(0, this.#notBefore - Date.now()));
  }

  show(sight: Sight): void {
    this.#sight = sight;
    if (this.#welcomed) this.#send({ show: sight });
  }

  /** Takes an answer; it is kept and sent as soon as the connection allows. */
  submit(challenge: string, answer: string): Submission {
    const submission: Submission = { seq: ++this.#session.seq, challenge, answer, state: 'kept' };
    this.#session.submissions.push(submission);
    this.#save();
    this.#pump();
    return submission;
  }

  #hello(): void {
    const { token } = this.#options;
    const who = token === undefined ? {} : { token, instance: this.#session.instance, last_outcome: this.#session.lastOutcome };
    this.#helloId = this.#send({ hello: { ...who, ...this.#sight } });
  }

  #receive(text: string): void {
    this.#heard = Date.now();
    this.#pinged = 0;
    const frame = JSON.parse(text) as ServerFrame;
    const { handlers } = this.#options;
    if (frame.board) handlers.board(frame.board);
    else if (frame.outcome) this.#outcome(frame.outcome);
    else if (frame.ack) this.#acknowledged(frame.id);
    else if (frame.welcome) this.#welcome(frame.welcome);
    else if (frame.waiting) this.#waitForSeat(frame.waiting);
    else if (frame.graph) handlers.graph?.(frame.graph);
    else if (frame.hunt) handlers.hunt(frame.hunt);
    else if (frame.announcement) handlers.announcement(frame.announcement);
    else if (frame.error) this.#refused(frame.id, frame.error);
  }

  #waitForSeat(standing: Standing): void {
    this.#waits = true;
    this.#tries = 0;
    this.#options.handlers.waiting?.(standing);
  }

  #welcome(welcome: Welcome): void {
    const { handlers } = this.#options;
    const session = this.#session;
    this.#welcomed = Date.now();
    this.#waits = false;
    this.#hunter = welcome.hunter ?? '';
    if (welcome.reconnect) this.#reconnect = welcome.reconnect;
    this.#elsewhere = welcome.elsewhere;
    this.#told = { seq: welcome.last_seq ?? 0, outcome: welcome.last_outcome ?? 0 };
    session.seq = Math.max(session.seq, this.#told.seq);
    // What was decided meanwhile is not sent again; its outcome follows this welcome.
    for (const submission of session.submissions) if (submission.seq > this.#told.seq) submission.state = 'kept';
    this.#inFlight = null;
    const missed = session.lastOutcome < this.#told.outcome;
    handlers.connection({ state: 'live' });
    handlers.welcome(welcome, missed);
    if (!missed) this.#settle();
    this.#save();
    this.#pump();
  }

  #outcome(outcome: Outcome): void {
    const session = this.#session;
    const own = session.submissions.find((s) => outcome.command === `${this.#hunter}.${session.instance}.${s.seq}`);
    if (own) {
      this.#remove(own);
      if (this.#inFlight?.seq === own.seq) this.#inFlight = null;
    }
    session.lastOutcome = Math.max(session.lastOutcome, outcome.number);
    this.#options.handlers.outcome?.(outcome, own, outcome.number <= this.#told.outcome);
    if (outcome.number === this.#told.outcome) this.#settle();
    this.#save();
    this.#pump();
  }

  /** All outcomes that are told again have come. A decided submission without one is too old for it. */
  #settle(): void {
    for (const submission of this.#session.submissions.filter((s) => s.seq <= this.#told.seq)) {
      this.#remove(submission);
      this.#options.handlers.dropped?.(submission);
    }
  }

  #acknowledged(id: number | undefined): void {
    if (id === undefined || this.#inFlight?.id !== id) return;
    const { seq } = this.#inFlight;
    this.#inFlight = null;
    this.#change(seq, 'received');
    this.#pump();
  }

  #refused(id: number | undefined, fault: Fault): void {
    if (id !== undefined && id === this.#helloId && !this.#welcomed) {
      this.#drop()?.close(1000);
      this.#options.handlers.connection({ state: 'ended', code: fault.code });
    }
    if (id === undefined || this.#inFlight?.id !== id) return;
    const { seq } = this.#inFlight;
    this.#inFlight = null;
    if (fault.retry_after_ms !== undefined) {
      this.#change(seq, 'kept');
      this.#heldUntil = Date.now() + fault.retry_after_ms;
    } else {
      const submission = this.#session.submissions.find((s) => s.seq === seq);
      if (submission) {
        this.#remove(submission);
        this.#options.handlers.dropped?.(submission, fault.message);
        this.#save();
      }
    }
    this.#pump();
  }

  /** Sends the oldest submission that is due, if none is under way. */
  #pump(): void {
    if (!this.#welcomed || this.#inFlight) return;
    const next = this.#session.submissions.find((s) => s.state === 'kept' && s.seq > this.#told.seq);
    if (!next) return;
    const held = this.#heldUntil - Date.now();
    if (held > 0) {
      clearTimeout(this.#resume);
      this.#resume = setTimeout(() => this.#pump(), held);
      return;
    }
    const { seq, challenge, answer } = next;
    this.#inFlight = { seq, id: this.#send({ submit: { seq, challenge, answer } }) };
    this.#change(seq, 'sent');
  }

  #change(seq: number, state: Submission['state']): void {
    const submission = this.#session.submissions.find((s) => s.seq === seq);
    if (!submission) return;
    submission.state = state;
    this.#save();
    this.#options.handlers.submission?.(submission);
  }

  #remove(submission: Submission): void {
    this.#session.submissions = this.#session.submissions.filter((s) => s !== submission);
  }

  #save(): void {
    this.#options.save?.(this.#session);
  }

  #send(frame: object): number {
    const id = ++this.#frames;
    this.#socket?.send(JSON.stringify({ id, ...frame }));
    return id;
  }

  #ping(): void {
    if (this.#pinged) return;
    this.#pinged = Date.now();
    this.#send({ ping: {} });
  }

  #look(): void {
    const now = Date.now();
    if (!this.#welcomed && !this.#waits) {
      if (now - this.#heard > WELCOME_WITHIN_MS) this.#abandon();
    } else if (this.#pinged && now - this.#pinged > PONG_WITHIN_MS) this.#abandon();
    else if (now - this.#heard > SILENCE_MS) this.#ping();
  }

  /** A socket that does not answer may take minutes to say that it is closed. A server that hangs is not tried again at once where another is known. */
  #abandon(): void {
    const socket = this.#socket;
    const { url } = this.#options;
    const other = elsewhere(url, this.#elsewhere);
    this.#at = other !== null && other !== this.#at ? other : url;
    this.#lost(1006, '', true);
    socket?.close();
  }

  /** Forgets the socket; nothing that it still says is heard. */
  #drop(): Socket | null {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    clearInterval(this.#watch);
    clearTimeout(this.#resume);
    this.#socket = null;
    this.#inFlight = null;
    this.#welcomed = 0;
    this.#waits = false;
    return socket;
  }

  /** @param moved where to go next is known already. */
  #lost(code: number, reason: string, moved = false): void {
    if (this.#welcomed && Date.now() - this.#welcomed > GOOD_AFTER_MS) this.#tries = 0;
    const { url } = this.#options;
    const arrived = this.#welcomed > 0 || this.#waits;
    this.#drop();
    for (const submission of this.#session.submissions) {
      if (submission.state === 'sent') this.#change(submission.seq, 'kept');
    }
    const said = closeReason(reason);
    if (code in FINAL || (code >= 4500 && code <= 4999)) {
      this.#options.handlers.connection({ state: 'ended', code: said.code ?? FINAL[code] ?? String(code) });
      return;
    }
    // Sent there in vain, it goes back to where it came from.
    this.#at = elsewhere(url, said.go) ?? (arrived || moved ? this.#at : url);
    this.#tries++;
    const { min_ms, max_ms } = this.#reconnect;
    this.#notBefore = Date.now() + (said.after_ms ?? 0);
    this.#wait(said.after_ms ?? this.#random() * Math.min(max_ms, min_ms * 2 ** this.#tries));
  }

  #wait(ms: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.start(), ms);
    this.#options.handlers.connection({ state: 'waiting', until: Date.now() + ms });
  }
}

/** The same path at the server that a close reason names; null where it names none, or none that can be used. */
function elsewhere(url: string, go: unknown): string | null {
  if (typeof go !== 'string') return null;
  try {
    const { protocol, host, pathname } = new URL(go);
    const here = new URL(url);
    // A browser throws at an open connection from a page that came over TLS.
    if (protocol !== 'https:' && (protocol !== 'http:' || here.protocol === 'wss:')) return null;
    return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname.replace(/\/$/, '')}${here.pathname}`;
  } catch {
    return null;
  }
}

function closeReason(reason: string): { code?: string; after_ms?: number; go?: string } {
  try {
    const said: unknown = JSON.parse(reason);
    return typeof said === 'object' && said !== null ? said : {};
  } catch {
    return {};
  }
}
