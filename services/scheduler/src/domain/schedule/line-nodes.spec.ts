// The nodes whose lines offer something are those that a look at each would find, in the same order, whatever happened before.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anAsk, anAttempt, anEngineNode, gpus } from '../../testing/cluster-builders.ts';
import { ClusterBooks } from './cluster-books.ts';
import { lineOn } from './line-offer.ts';
import { lineWant, WidthsAhead } from './widths-ahead.ts';

const OPTIONS = { placement: 'pack', defaultLimitMs: 100 } as const;
const NODE_IDS = ['a', 'b', 'c', 'd'];
const WIDTHS = [1, 2, 4];

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('run', 'run', 'run', 'line', 'drop', 'cordon', 'advance', 'goBack', 'configure', 'tryOut'),
    node: fc.nat(NODE_IDS.length - 1),
    width: fc.constantFrom(...WIDTHS),
    limitMs: fc.integer({ min: 10, max: 100 }),
  }),
  { minLength: 20, maxLength: 80 },
);
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

class World {
  readonly books = new ClusterBooks(OPTIONS);
  now = 0;
  readonly #jobs: string[] = [];
  #count = 0;

  constructor() {
    for (const id of NODE_IDS) this.books.setNode(id, anEngineNode(id, { gpu: 4 }));
  }

  do({ kind, node, width, limitMs }: Step): void {
    const id = NODE_IDS[node] ?? '';
    switch (kind) {
      case 'cordon':
        return this.books.setNode(id, {
          ...anEngineNode(id, { gpu: 4 }),
          refuses: limitMs % 2 === 0 ? 'node-cordoned' : null,
        });
      case 'advance':
        this.now += limitMs;
        return undefined;
      case 'goBack':
        this.now -= 50;
        return undefined;
      case 'configure':
        return this.books.configure({ ...OPTIONS, defaultLimitMs: limitMs });
      case 'drop':
        return this.books.setAttempt(this.#jobs.splice(node, 1)[0] ?? '', null);
      case 'tryOut':
        return this.books.trial(() => {
          for (const job of this.#jobs.slice(0, 2)) this.books.setAttempt(job, null);
          this.found();
        });
      case 'run':
      case 'line':
        return this.#place(id, kind, { width, limitMs });
      default:
        return kind satisfies never;
    }
  }

  #place(nodeId: string, how: 'run' | 'line', { width, limitMs }: Pick<Step, 'width' | 'limitMs'>): void {
    const { devices = [], holders = [] } = this.books.ledger(nodeId) ?? {};
    const free = devices.flatMap(({ id }, spot) => (holders[spot] === null ? id : []));
    if (how === 'run' && free.length < width) return;
    this.#count += 1;
    const ask = anAsk(`job-${this.#count}`, gpus(width), { limitMs });
    const pool = devices.slice(0, width).map(({ id }) => id);
    const waiting = how === 'line' ? { count: width, pool, isRevoking: false } : null;
    const parts = [{ nodeId, devices: how === 'line' ? [] : free.slice(0, width) }];
    const change = { waiting, since: how === 'line' ? null : this.now, placedAt: this.#count };
    this.books.setAttempt(ask.jobId, anAttempt(ask, parts, change));
    this.#jobs.push(ask.jobId);
  }

  /** For each width, with some or nobody ahead: the nodes as they are remembered. */
  found(): readonly (readonly string[])[] {
    return this.#wants().map(({ view, ahead }) => {
      const ids: string[] = [];
      this.books.lineNodes(view, ahead).first(this.now, ({ id }) => {
        ids.push(id);
        return null;
      });
      return ids;
    });
  }

  looked(): readonly (readonly string[])[] {
    const { books, now } = this;
    return this.#wants().map(({ view, ahead }) =>
      books
        .ledgers()
        .filter((ledger) => lineOn(ledger, lineWant(view, ledger, ahead), { now, ...books.options }) !== null)
        .toSorted((one, other) => one.inLine.gpu - other.inLine.gpu || (one.id < other.id ? -1 : 1))
        .map(({ id }) => id),
    );
  }

  #wants() {
    const { books } = this;
    return WIDTHS.flatMap((width) =>
      [[], [gpus(2)], [gpus(4)]].map((wider) => ({
        view: books.view(gpus(width)),
        ahead: new WidthsAhead(wider.map((shape) => books.view(shape))),
      })),
    );
  }
}

describe('the nodes whose lines have something for a job', () => {
  it('are those that a look at each finds (property)', () => {
    let offers = 0;
    const property = fc.property(steps, (drawn) => {
      const world = new World();
      for (const step of drawn) {
        world.do(step);
        const looked = world.looked();
        offers += looked.flat().length;
        expect(world.found()).toEqual(looked);
      }
    });
    fc.assert(property, { numRuns: 60, endOnFailure: true });
    expect(offers).toBeGreaterThan(0);
  });

  it('are found again once a running job is late, without a change', () => {
    const world = new World();
    world.do({ kind: 'run', node: 0, width: 4, limitMs: 100 });
    const forTwo = () => world.books.lineNodes(world.books.view(gpus(2)), new WidthsAhead([])).isAny(world.now);
    expect(forTwo()).toBe(false);
    world.now = 89;
    expect(forTwo()).toBe(false);
    world.now = 90;
    expect(forTwo()).toBe(true);
  });
});
