/** Manners in a crowd: what the server tells everybody in one instant must not bring everybody back in the next. */

/** Requests a second that a crowd makes together, up to the size at which waiting would be felt. */
const CROWD_PER_SECOND = 1_000;
const SPREAD_MAX_MS = 4_000;

/**
 * How long to wait before fetching what everybody fetches now, in milliseconds: evenly spread over a time that grows with the crowd. Ten teams do
 * not notice it; from four thousand on it is up to four seconds.
 *
 * @param random 0 ≤ random() < 1.
 */
export function spread(teams: number, random: () => number = Math.random): number {
  return random() * Math.min(SPREAD_MAX_MS, (teams / CROWD_PER_SECOND) * 1_000);
}
