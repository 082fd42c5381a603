import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isRight, riddleCount } from '../src/play/riddles.ts';
import { hex, sha256, zeroBits } from '../src/sha256.ts';
import { work } from '../src/work.ts';

test('SHA-256 is SHA-256, for every length around the ends of blocks', () => {
  for (let length = 0; length < 200; length++) {
    const text = 'Zoë 李 '.repeat(40).slice(0, length);
    assert.equal(hex(sha256(text)), createHash('sha256').update(text).digest('hex'));
  }
});

test('zero bits are counted over words', () => {
  assert.equal(zeroBits(Uint32Array.of(0x00ff_0000, 0)), 8);
  assert.equal(zeroBits(Uint32Array.of(0, 0x8000_0000)), 32);
  assert.equal(zeroBits(Uint32Array.of(0, 1)), 63);
});

test('the nonce found is one that the server takes', async () => {
  const { challenge, nonce } = await work('p1.abc', 10);
  const digest = createHash('sha256').update(`${challenge}.${nonce}`).digest();
  assert.equal(digest.readUInt16BE(0) >> 6, 0);
});

test('a riddle takes its answer as people type it, and no other', () => {
  assert.ok(isRight(0, 'piano') && isRight(0, ' A Piano! ') && isRight(0, 'the piano'));
  assert.ok(!isRight(0, 'towel') && !isRight(0, ''));
  assert.ok(isRight(1, 'footsteps') && isRight(1, 'steps'));
  assert.equal([...Array(riddleCount).keys()].filter((riddle) => isRight(riddle, 'a towel')).length, 1);
});
