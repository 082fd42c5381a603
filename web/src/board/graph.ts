/** The scores of the first teams over time, as lines with their names at the end. Own SVG, drawn anew with every graph that comes. */

import type { Graph } from '../live.ts';
import { span } from '../phase.ts';

/** Drawing units; the page scales the whole. */
const WIDTH = 1000;
const HEIGHT = 780;
const LEFT = 70;
const RIGHT = 250;
const TOP = 20;
const BOTTOM = 50;
const NAME_HEIGHT = 30;
/** Letters of a name that fit at the right. */
const NAME_MAX = 15;
const COLOURS = 10;

export class GraphView {
  readonly element = svg('svg', { class: 'graph', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': 'Scores over time' });
  /** A team keeps its colour while it is in the graph. */
  readonly #colours = new Map<number, number>();

  show({ from, as_of: asOf, lines }: Graph): void {
    this.#paint(lines.map(({ team }) => team));
    const end = Math.max(60, (asOf.time - from) / 1000);
    const scores = lines.flatMap(({ points }) => points.map(([, score]) => score));
    const [low, high] = [Math.min(0, ...scores), Math.max(1, ...scores)];
    const x = (seconds: number) => LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT);
    const y = (score: number) => HEIGHT - BOTTOM - ((score - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
    const drawn = lines.map(({ team, name, points }) => {
      const last = points.at(-1)![1];
      // A score holds until the next one.
      const path = points.map(([seconds, score]) => `H${round(x(Math.min(seconds, end)))}V${round(y(score))}`).join('');
      return { team, name, at: y(last), path: `M${round(x(0))} ${round(y(0))}${path}H${round(x(end))}` };
    });
    const places = apart(drawn.map(({ at }) => at), NAME_HEIGHT, TOP, HEIGHT - BOTTOM);
    this.element.replaceChildren(
      ...steps(low, high).flatMap((score) => [
        svg('path', { class: 'grid', d: `M${LEFT} ${round(y(score))}H${WIDTH - RIGHT}` }),
        text(score.toLocaleString('en'), LEFT - 10, y(score), 'axis score'),
      ]),
      text('0:00', x(0), HEIGHT - 12, 'axis'),
      text(span(end * 1000), x(end), HEIGHT - 12, 'axis end'),
      // The first team is drawn last, above the others.
      ...drawn.map((line, index) => svg('g', { class: 'line', 'data-colour': String(this.#colours.get(line.team)) },
        svg('path', { d: line.path }),
        svg('path', { class: 'leader', d: `M${round(x(end))} ${round(line.at)}L${WIDTH - RIGHT + 22} ${round(places[index]!)}` }),
        text(short(line.name), WIDTH - RIGHT + 28, places[index]!, 'name'))).reverse(),
    );
    this.element.setAttribute('aria-label', `Scores over time: ${lines.map(({ name, points }) => `${name} ${points.at(-1)![1].toLocaleString('en')}`).join(', ')}`);
  }

  #paint(teams: number[]): void {
    for (const team of this.#colours.keys()) if (!teams.includes(team)) this.#colours.delete(team);
    const free = Array.from({ length: COLOURS }, (_, colour) => colour).filter((colour) => ![...this.#colours.values()].includes(colour));
    for (const team of teams) if (!this.#colours.has(team)) this.#colours.set(team, free.shift() ?? 0);
  }
}

/** Places near the wanted ones, which are in descending score and so rising, at least so far from each other and within the bounds. */
export function apart(wanted: readonly number[], distance: number, from: number, to: number): number[] {
  const places: number[] = [];
  for (const place of wanted) places.push(Math.max(place, (places.at(-1) ?? from - distance) + distance));
  for (let i = places.length - 1, most = to; i >= 0; i--, most -= distance) places[i] = Math.max(Math.min(places[i]!, most), from);
  return places;
}

/** Round scores for the lines behind: three to six of them. */
export function steps(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough)!);
  const list: number[] = [];
  // Plus zero, for there is a minus zero, and it would be shown as one.
  for (let score = Math.ceil(low / step) * step + 0; score <= high; score += step) list.push(score);
  return list;
}

function short(name: string): string {
  const letters = [...name];
  return letters.length <= NAME_MAX ? name : `${letters.slice(0, NAME_MAX - 1).join('')}…`;
}

function text(words: string, x: number, y: number, kind: string): SVGElement {
  const element = svg('text', { class: kind, x: round(x), y: round(y) });
  element.textContent = words;
  return element;
}

function svg(tag: string, attributes: Record<string, string>, ...children: Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
