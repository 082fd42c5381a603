import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from '../src/crowd.ts';

const last = () => 0.999_999;

test('a handful of teams fetches at once', () => {
  assert.ok(spread(10, last) <= 10);
});

test('the spread grows with the number of teams', () => {
  assert.equal(spread(2_000, () => 0.5), 1_000);
  assert.ok(spread(3_000, last) > spread(2_000, last));
});

test('nobody waits longer than four seconds', () => {
  assert.ok(spread(1_000_000, last) < 4_000);
});

test('a crowd comes evenly over the whole time', () => {
  const crowd = Array.from({ length: 10_000 }, () => spread(10_000));
  for (let second = 0; second < 4; second++) {
    const here = crowd.filter((ms) => Math.floor(ms / 1_000) === second).length;
    assert.ok(here > 2_000 && here < 3_000, `${here} of 10,000 in second ${second + 1}`);
  }
});
