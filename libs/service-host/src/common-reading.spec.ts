// Readers that begin at the same place read the log once, each at its own pace, and none is the others' fault.
import { type EventStore, type Followed, memoryEventStore, newId, type Position } from '@baton/event-store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LogReader, readTogether } from './common-reading.ts';
import { appendModel } from './testing/counted.ts';

let store: EventStore;
let subscriptions: Position[];
let stopping: AbortController;

beforeEach(async () => {
  const log = memoryEventStore();
  subscriptions = [];
  stopping = new AbortController();
  store = {
    ...log,
    append: (ref, commit, expected) => log.append(ref, commit, expected),
    subscribe(after, options) {
      subscriptions.push(after);
      return log.subscribe(after, options);
    },
  };
  for (let count = 0; count < 3; count += 1) await appendModel(store, { id: newId('model'), revision: 1, position: 0 });
});
afterEach(() => stopping.abort());

class Taker implements LogReader {
  readonly aggregates = ['model'] as const;
  readonly positions: Position[] = [];
  readonly caughtUp = Promise.withResolvers<void>();

  async take(batch: readonly Followed[]): Promise<void> {
    for (const item of batch) {
      if (item.kind === 'commit') this.positions.push(item.commit.position);
      else this.caughtUp.resolve();
    }
  }

  leaveOut(): void {
    expect.unreachable('all can be read');
  }
}

function read(reader: LogReader, after = 0): Promise<void> {
  return readTogether(reader, { store, after, signal: stopping.signal });
}

it('is read once by all that begin at the same place', async () => {
  const takers = [new Taker(), new Taker(), new Taker()];
  const reading = takers.map((taker) => read(taker));
  await Promise.all(takers.map(({ caughtUp }) => caughtUp.promise));
  expect(takers.map(({ positions }) => positions)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(subscriptions).toEqual([0]);
  stopping.abort();
  await Promise.all(reading);
});

it('is read again by one that begins elsewhere, and by one that comes when it is being read', async () => {
  const [first, elsewhere, late] = [new Taker(), new Taker(), new Taker()];
  void read(first);
  void read(elsewhere, 2);
  await Promise.all([first.caughtUp.promise, elsewhere.caughtUp.promise]);
  void read(late);
  await late.caughtUp.promise;
  expect(elsewhere.positions).toEqual([3]);
  expect(late.positions).toEqual([1, 2, 3]);
  expect(subscriptions).toEqual([0, 2, 0]);
});

it('goes on for the others where one of them fails', async () => {
  const well = new Taker();
  const ill = Object.assign(new Taker(), { take: () => Promise.reject(new Error('full')) });
  const failing = read(ill);
  void read(well);
  await expect(failing).rejects.toThrow('full');
  await well.caughtUp.promise;
  expect(well.positions).toEqual([1, 2, 3]);
});
