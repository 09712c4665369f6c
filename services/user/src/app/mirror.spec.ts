// What the mirror of aggregates guarantees: never older than what was written or told.
import type { TokenEvent } from '@baton/contracts';
import { fold } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { tokenDecider } from '../domain/token.commands.ts';
import type { TokenState } from '../domain/token.ts';
import { Mirror, type Versioned } from './mirror.ts';

const issued: TokenEvent = {
  type: 'TokenIssued',
  v: 1,
  data: { userId: 'usr_a', kind: 'api', label: 'x', secretHash: 'h', expiresAt: null },
};
const revoked: TokenEvent = { type: 'TokenRevoked', v: 1, data: { by: 'usr_a' } };
const at = (...events: TokenEvent[]): Versioned<TokenState> => ({
  state: fold(tokenDecider, events),
  revision: events.length,
});
const live = at(issued);
const dead = at(issued, revoked);

/** A log that answers when the test says so. */
function slowLog() {
  const waiting: ((state: Versioned<TokenState>) => void)[] = [];
  let loads = 0;
  return {
    load: () => {
      loads += 1;
      return new Promise<Versioned<TokenState>>((resolve) => waiting.push(resolve));
    },
    answer: (state: Versioned<TokenState>) => waiting.shift()?.(state),
    loads: () => loads,
  };
}

describe('the mirror', () => {
  it('loads an aggregate once, also for many who ask at the same time', async () => {
    const log = slowLog();
    const mirror = new Mirror(tokenDecider, { load: log.load, max: 10 });
    const asked = Promise.all([mirror.get('tok'), mirror.get('tok')]);
    log.answer(live);
    expect(await asked).toEqual([live, live]);
    expect(await mirror.get('tok')).toEqual(live);
    expect(log.loads()).toBe(1);
  });

  it('never goes back behind a revocation that was written while the log was read', async () => {
    const log = slowLog();
    const mirror = new Mirror(tokenDecider, { load: log.load, max: 10 });
    const asked = mirror.get('tok');
    mirror.put('tok', dead);
    log.answer(live);
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    log.answer(dead);
    expect(await asked).toEqual(dead);
    expect(await mirror.get('tok')).toEqual(dead);
  });

  it('reads again when the log told of a commit while it was read', async () => {
    const log = slowLog();
    const mirror = new Mirror(tokenDecider, { load: log.load, max: 10 });
    const asked = mirror.get('tok');
    mirror.follow({ id: 'tok', revision: 2, events: [revoked] });
    log.answer(live);
    await new Promise((resolve) => setImmediate(resolve));
    log.answer(dead);
    expect(await asked).toEqual(dead);
    expect(log.loads()).toBe(2);
  });

  it('follows the commits of what it holds, each once', async () => {
    const mirror = new Mirror(tokenDecider, { load: async () => live, max: 10 });
    await mirror.get('tok');
    mirror.follow({ id: 'tok', revision: 1, events: [issued] });
    expect(await mirror.get('tok')).toEqual(live);
    mirror.follow({ id: 'tok', revision: 2, events: [revoked] });
    expect(await mirror.get('tok')).toEqual(dead);
  });

  it('drops what it holds when a commit in between is missing', async () => {
    const truth = [live, dead];
    const mirror = new Mirror(tokenDecider, { load: async () => truth.shift() ?? at(), max: 10 });
    await mirror.get('tok');
    mirror.follow({ id: 'tok', revision: 3, events: [revoked] });
    expect(await mirror.get('tok')).toEqual(dead);
  });

  it('remembers no aggregate that is not there, and forgets the longest unused', async () => {
    let loads = 0;
    const mirror = new Mirror(tokenDecider, {
      load: async (id) => ((loads += 1), id === 'none' ? at() : live),
      max: 2,
    });
    for (const id of ['none', 'none', 'a', 'b', 'a', 'c', 'a']) await mirror.get(id);
    expect(loads).toBe(5);
    await mirror.get('b');
    expect(loads).toBe(6);
  });
});
