import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import type { Socket } from '../src/live.ts';
import { etaInWords, Queue, type QueueOptions, type Standing } from '../src/queue.ts';

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
}

const at = (place: number | null, more: Partial<Standing> = {}): Standing =>
  ({ place, ahead: place === null ? null : place - 1, waiting: 9, limit: 5, seated: 5, eta: null, poll_s: 5, reason: '', clock: 'absolute', ...more });

let sockets: FakeSocket[];
let places: (number | null)[];
let told: string[];
let answer: () => Promise<Standing & { state: 'waiting' | 'admitted' }>;
let asked: number;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  [sockets, places, told, asked] = [[], [], [], 0];
  answer = async () => ({ ...at(3), state: 'waiting' });
});

function wait(socket: boolean, more: Partial<QueueOptions> = {}): Queue {
  const queue = new Queue({
    url: 'ws://test',
    ticket: 'T',
    random: () => 0.5,
    open: () => (sockets.push(new FakeSocket()), sockets.at(-1)!),
    ask: () => (asked++, answer()),
    stands: (standing) => places.push(standing.place),
    admitted: () => told.push('admitted'),
    refused: () => told.push('refused'),
    ...more,
  });
  queue.start(socket);
  return queue;
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    mock.timers.tick(Math.min(100, left));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  }
}

test('on a socket it says hello with the ticket, hears its place and is let in', () => {
  wait(true);
  sockets[0]!.onopen!();
  assert.deepEqual(sockets[0]!.sent, [{ id: 1, hello: { ticket: 'T' } }]);
  sockets[0]!.says({ id: 1, waiting: at(2) });
  sockets[0]!.says({ waiting: at(1) });
  assert.deepEqual(places, [2, 1]);
  sockets[0]!.says({ admitted: {} });
  assert.deepEqual(told, ['admitted']);
  assert.equal(sockets[0]!.closed, 1000);
});

test('without a socket it asks as often as it is told to', async () => {
  answer = async () => ({ ...at(3, { poll_s: 20 }), state: 'waiting' });
  wait(false);
  await pass(100);
  assert.equal(asked, 1);
  await pass(19_500);
  assert.equal(asked, 1);
  await pass(1_000);
  assert.equal(asked, 2);
  answer = async () => ({ ...at(null), state: 'admitted' });
  await pass(21_000);
  assert.deepEqual(told, ['admitted']);
  await pass(100_000);
  assert.equal(asked, 3);
});

test('who is sent away from its socket asks, and gets one again when there is one, but not at once', async () => {
  answer = async () => ({ ...at(3, { socket: true }), state: 'waiting' });
  wait(true);
  sockets[0]!.onclose!({ code: 4004, reason: '' });
  await pass(30_000);
  assert.equal(sockets.length, 1);
  assert.ok(asked > 3);
  await pass(40_000);
  assert.equal(sockets.length, 2);
});

test('a socket that says nothing for too long is given up', async () => {
  wait(true);
  await pass(36_000);
  assert.equal(sockets[0]!.closed, 1005);
  await pass(4_000);
  assert.equal(asked, 1);
});

test('a ticket that does not hold ends it, whoever says so', async () => {
  wait(true);
  sockets[0]!.onclose!({ code: 4505, reason: '' });
  assert.deepEqual(told, ['refused']);
  answer = () => Promise.reject(Object.assign(new Error(), { code: 'TicketInvalid' }));
  wait(false);
  await pass(100);
  assert.deepEqual(told, ['refused', 'refused']);
});

test('a server that cannot be reached is asked again', async () => {
  answer = () => Promise.reject(new Error('away'));
  wait(false);
  await pass(12_000);
  assert.ok(asked >= 2);
  assert.deepEqual(told, []);
});

test('after stop nothing is told and nobody is asked', async () => {
  const queue = wait(true);
  queue.stop();
  await pass(60_000);
  assert.equal(asked, 0);
});

test('the time to wait is said as one would say it', () => {
  assert.equal(etaInWords(null), 'We cannot say yet how long it takes.');
  assert.equal(etaInWords({ from_s: 5, to_s: 40 }), 'Less than a minute.');
  assert.equal(etaInWords({ from_s: 50, to_s: 100 }), 'About a minute or two.');
  assert.equal(etaInWords({ from_s: 180, to_s: 290 }), 'About 3 to 5 minutes.');
  assert.equal(etaInWords({ from_s: 290, to_s: 300 }), 'About 5 minutes.');
  assert.equal(etaInWords({ from_s: 5_000, to_s: 12_000 }), 'About 1 to 3 hours.');
});
