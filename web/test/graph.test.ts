import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, steps } from '../src/board/graph.ts';

test('names stay in order, apart and within the graph', () => {
  for (let round = 0; round < 500; round++) {
    const wanted = Array.from({ length: Math.floor(Math.random() * 11) }, () => 20 + Math.random() * 700).sort((a, b) => a - b);
    const places = apart(wanted, 30, 20, 730);
    assert.equal(places.length, wanted.length);
    places.forEach((place, i) => {
      assert.ok(place >= 20 - 1e-9 && place <= 730 + 1e-9, `${place} of ${wanted}`);
      if (i > 0) assert.ok(place - places[i - 1]! >= 30 - 1e-9, `${places}`);
    });
  }
});

test('names that are far apart stay where their lines end', () => assert.deepEqual(apart([50, 100, 400], 30, 20, 730), [50, 100, 400]));

test('the lines behind are round scores within the graph, and few', () => {
  assert.deepEqual(steps(0, 26), [0, 10, 20]);
  assert.deepEqual(steps(0, 1), [0, 1]);
  assert.deepEqual(steps(-30, 100), [0, 50, 100]);
  for (let high = 1; high < 100_000; high = Math.ceil(high * 1.3)) {
    const list = steps(0, high);
    assert.ok(list.length >= 2 && list.length <= 7 && list.at(-1)! <= high, `${high}: ${list}`);
  }
});
