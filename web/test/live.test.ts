import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { Live, newSession, type Connection, type LiveOptions, type Outcome, type Session, type Socket, type Submission } from '../src/live.ts';

/** The server's end of one connection. */
class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: any[] = [];
  closed: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1005): void {
    this.closed = code;
  }

  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  ends(code: number, reason: object | string = ''): void {
    this.onclose?.({ code, reason: typeof reason === 'string' ? reason : JSON.stringify(reason) });
  }

  welcomes(more: object = {}): void {
    this.onopen?.();
    this.says({ id: this.sent[0].id, welcome: { hunt: 'h', phase: 'open', teams: 1, hunter: 'H', last_seq: 0, last_outcome: 0, ...more } });
  }

  get submits(): any[] {
    return this.sent.filter((frame) => frame.submit);
  }

  acks(index: number): void {
    const { id, submit } = this.submits[index];
    this.says({ id, ack: { command: `H.tab.${submit.seq}`, position: 1 } });
  }

  decides(seq: number, number: number, more: Partial<Outcome> = {}): void {
    this.says({ outcome: { number, command: `H.tab.${seq}`, seq, hunter: 'H', challenge: 'c', verdict: 'correct', score: 1, time: 0, ...more } });
  }
}

let sockets: FakeSocket[];
let connections: Connection[];
let told: string[];
let saved: string;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  sockets = [];
  connections = [];
  told = [];
  saved = '';
});

function player(session: Session = { ...newSession(), instance: 'tab' }, more: Partial<LiveOptions> = {}): Live {
  const text = (s: Submission) => `${s.seq} ${s.answer}`;
  const live = new Live({
    url: 'ws://test',
    token: 'T',
    session,
    sight: { around: 2, top: 0 },
    random: () => 0.5,
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    save: (changed) => (saved = JSON.stringify(changed)),
    handlers: {
      connection: (connection) => connections.push(connection),
      welcome: (_, missed) => told.push(missed ? 'welcome, missed' : 'welcome'),
      board: () => told.push('board'),
      hunt: () => told.push('hunt'),
      announcement: () => told.push('announcement'),
      submission: (submission) => told.push(`${text(submission)}: ${submission.state}`),
      outcome: (outcome, own, again) => told.push(`outcome ${outcome.number}${own ? ` of ${text(own)}` : ''}${again ? ' again' : ''}`),
      dropped: (submission, why) => told.push(`${text(submission)} dropped${why ? `: ${why}` : ''}`),
    },
    ...more,
  });
  live.start();
  return live;
}

/** In small steps, so that a timer set by a timer starts at its own time. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 100) mock.timers.tick(Math.min(100, left));
}

const last = () => sockets.at(-1)!;
const waits = () => {
  const connection = connections.at(-1)!;
  return connection.state === 'waiting' ? connection.until - Date.now() : undefined;
};

test('hello is the first frame and carries the token, the instance and the last outcome seen', () => {
  player({ instance: 'tab', seq: 4, lastOutcome: 7, submissions: [] });
  last().onopen!();
  assert.deepEqual(last().sent[0].hello, { token: 'T', instance: 'tab', last_outcome: 7, around: 2, top: 0 });
});

test('a spectator says hello without token and instance', () => {
  new Live({ url: '', sight: { around: 0, top: 50 }, open: () => (sockets.push(new FakeSocket()), last()),
    handlers: { connection() {}, welcome() {}, board() {}, hunt() {}, announcement() {} } }).start();
  last().onopen!();
  assert.deepEqual(last().sent[0].hello, { around: 0, top: 50 });
});

test('an answer is sent, received and decided, and then no longer kept', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'Lima');
  assert.deepEqual(last().submits[0].submit, { seq: 1, challenge: 'c', answer: 'Lima' });
  last().acks(0);
  last().decides(1, 1);
  assert.deepEqual(told, ['welcome', '1 Lima: sent', '1 Lima: received', 'outcome 1 of 1 Lima']);
  assert.deepEqual(live.submissions, []);
  assert.equal(JSON.parse(saved).lastOutcome, 1);
});

test('an answer given before the welcome waits for it', () => {
  const live = player();
  live.submit('c', 'Lima');
  assert.equal(last().sent.length, 0);
  last().welcomes();
  assert.equal(last().submits.length, 1);
});

test('the next answer goes out after the acknowledgement of the last', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  live.submit('c', 'two');
  assert.equal(last().submits.length, 1);
  last().acks(0);
  assert.deepEqual(last().submits.map((s) => s.submit.seq), [1, 2]);
});

test('an outcome that overtakes its acknowledgement implies it', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  live.submit('c', 'two');
  last().decides(1, 1);
  assert.equal(last().submits.length, 2);
  last().acks(0);
  assert.equal(last().submits.length, 2);
});

test('after a reconnect the undecided goes out again under its number, in order, and the decided does not', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  last().acks(0);
  live.submit('c', 'two');
  last().acks(1);
  live.submit('c', 'three');
  last().ends(1006);
  mock.timers.tick(waits()!);
  assert.equal(sockets.length, 2);
  last().welcomes({ last_seq: 1, last_outcome: 1 });
  last().decides(1, 1);
  last().acks(0);
  assert.deepEqual(last().submits.map((s) => [s.submit.seq, s.submit.answer]), [[2, 'two'], [3, 'three']]);
  assert.ok(told.includes('welcome, missed'));
  assert.ok(told.includes('outcome 1 of 1 one again'));
});

test('a reload takes up the stored session', () => {
  const first = player();
  last().welcomes();
  first.submit('c', 'one');
  const stored = JSON.parse(saved) as Session;
  first.stop();
  assert.equal(last().closed, 1000);

  const second = player(stored);
  last().welcomes();
  assert.deepEqual(last().submits[0].submit, { seq: 1, challenge: 'c', answer: 'one' });
  assert.equal(second.submit('c', 'two').seq, 2);
});

test('a number that the server has seen is not used again', () => {
  const live = player();
  last().welcomes({ last_seq: 9, last_outcome: 0 });
  assert.equal(live.submit('c', 'ten').seq, 10);
});

test('a decided answer whose outcome is too old to be told is dropped when the others have come', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  last().ends(4001, { code: 'SlowReader', after_ms: 10 });
  mock.timers.tick(10);
  last().welcomes({ last_seq: 1, last_outcome: 40 });
  assert.equal(live.submissions.length, 1);
  for (let number = 9; number <= 40; number++) last().decides(0, number, { command: 'H.other.1' });
  assert.ok(told.includes('1 one dropped'));
  assert.deepEqual(live.submissions, []);
  assert.equal(last().submits.length, 0);
});

test('too fast: the answer is kept, nothing overtakes it, and it goes out again after the time told', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  live.submit('c', 'two');
  last().says({ id: last().submits[0].id, error: { code: 'TooFast', message: 'slowly', retry_after_ms: 200 } });
  mock.timers.tick(199);
  assert.equal(last().submits.length, 1);
  mock.timers.tick(1);
  last().acks(1);
  assert.deepEqual(last().submits.map((s) => s.submit.seq), [1, 1, 2]);
});

test('an answer that the server will never take is dropped with its reason, and the next goes out', () => {
  const live = player();
  last().welcomes();
  live.submit('c', 'one');
  live.submit('c', 'two');
  last().says({ id: last().submits[0].id, error: { code: 'BadMember', message: 'at most 400' } });
  assert.ok(told.includes('1 one dropped: at most 400'));
  assert.deepEqual(last().submits.map((s) => s.submit.seq), [1, 2]);
});

test('the time told in the close reason is waited for, also by a device that wakes up', () => {
  const live = player();
  last().welcomes();
  last().ends(1012, { code: 'Restart', after_ms: 1834 });
  assert.equal(waits(), 1834);
  live.wake();
  pass(1833);
  assert.equal(sockets.length, 1);
  mock.timers.tick(1);
  assert.equal(sockets.length, 2);
});

test('without a time told the wait is random, doubles with each try and has a ceiling', () => {
  player();
  last().welcomes({ reconnect: { min_ms: 500, max_ms: 20_000 } });
  const seen: number[] = [];
  for (let n = 0; n < 8; n++) {
    last().ends(1006);
    seen.push(waits()!);
    mock.timers.tick(waits()!);
  }
  assert.deepEqual(seen, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});

test('a connection that held for a while makes the next wait short again, a short one does not', () => {
  player();
  last().welcomes();
  last().ends(1006);
  mock.timers.tick(waits()!);
  last().welcomes();
  last().ends(1006);
  assert.equal(waits(), 1000);
  mock.timers.tick(waits()!);
  last().welcomes();
  pass(11_000);
  last().says({ board: {} });
  last().ends(1006);
  assert.equal(waits(), 500);
});

test('a device that wakes up does not wait out the random part', () => {
  const live = player();
  last().welcomes();
  last().ends(1006);
  live.wake();
  mock.timers.tick(0);
  assert.equal(sockets.length, 2);
});

for (const [code, reason, name] of [[4500, { code: 'TokenInvalid' }, 'TokenInvalid'], [4503, { code: 'Replaced' }, 'Replaced'], [4999, 'no JSON', '4999'], [1009, '', 'FrameTooBig']] as const) {
  test(`after ${code} nobody comes back`, () => {
    const live = player();
    last().welcomes();
    last().ends(code, reason);
    live.wake();
    pass(120_000);
    assert.equal(sockets.length, 1);
    assert.deepEqual(connections.at(-1), { state: 'ended', code: name });
  });
}

test('a server that goes away says where to go, and one that is not there is left for where the page came from', () => {
  const urls: string[] = [];
  const live = player(undefined, {
    url: 'ws://test/v1/hunts/h/live',
    open: (url) => {
      urls.push(url);
      sockets.push(new FakeSocket());
      return last();
    },
  });
  const leaves = (go: string) => {
    last().ends(1012, { code: 'Restart', after_ms: 100, go });
    pass(100);
    return urls.at(-1);
  };
  last().welcomes();
  assert.equal(leaves('http://b.example:81'), 'ws://b.example:81/v1/hunts/h/live');
  last().welcomes();
  assert.equal(leaves('https://c.example/veltrix/'), 'wss://c.example/veltrix/v1/hunts/h/live');
  last().ends(1006);
  pass(2_000);
  assert.equal(urls.at(-1), 'ws://test/v1/hunts/h/live');
  last().welcomes();
  assert.equal(leaves('javascript:alert(1)'), 'ws://test/v1/hunts/h/live');
  live.stop();
});

for (const code of [1001, 1006, 1011, 1012, 4001, 4499]) {
  test(`after ${code} the connection is tried again`, () => {
    player();
    last().welcomes();
    last().ends(code);
    pass(60_000);
    assert.ok(sockets.length > 1);
  });
}

test('a connection that falls silent is asked for a sign of life, and left when none comes', () => {
  player();
  last().welcomes();
  pass(12_500);
  assert.deepEqual(last().sent.at(-1).ping, {});
  last().says({ id: 2, pong: {} });
  pass(9_900);
  assert.equal(sockets.length, 1);
  pass(10_600);
  assert.equal(sockets.length, 2);
});

test('a server that hangs is left for the one that its welcome named, and that one for where the page came from', () => {
  const urls: string[] = [];
  player(undefined, {
    url: 'ws://test/v1/hunts/h/live',
    open: (url) => {
      urls.push(url);
      sockets.push(new FakeSocket());
      return last();
    },
  });
  last().welcomes({ elsewhere: 'http://b.example:81' });
  pass(21_000);
  assert.equal(urls.at(-1), 'ws://b.example:81/v1/hunts/h/live');
  last().onopen!();
  pass(15_000);
  assert.equal(urls.at(-1), 'ws://test/v1/hunts/h/live');
  last().welcomes();
  pass(21_000);
  assert.deepEqual(urls.slice(2), ['ws://test/v1/hunts/h/live', 'ws://test/v1/hunts/h/live']);
});

test('a socket that never gets its welcome is left', () => {
  player();
  last().onopen!();
  pass(13_000);
  assert.equal(sockets.length, 2);
});

test('what a left socket still says is not heard', () => {
  const live = player();
  last().welcomes();
  live.stop();
  last().says({ board: {} });
  last().ends(1006);
  pass(60_000);
  assert.deepEqual(told, ['welcome']);
  assert.equal(sockets.length, 1);
});

test('what is to be shown is told at once and again with the next hello', () => {
  const live = player();
  last().welcomes();
  live.show({ around: 0, top: 10 });
  assert.deepEqual(last().sent.at(-1).show, { around: 0, top: 10 });
  last().ends(4001, { after_ms: 1 });
  mock.timers.tick(1);
  last().onopen!();
  assert.equal(last().sent[0].hello.top, 10);
});
