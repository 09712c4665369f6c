// Whatever is wrong with a log, verification names the first commit that shows it.
import type { StoredMessage } from '@baton/event-store';
import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyIdOf, type SealKey } from '../heads/seal-key.ts';
import { sealHead, type SealedHead } from '../heads/sealed-head.ts';
import { commitOf, contentOf, NAME_REDUCERS, nameLog, rewritten } from '../testing/name-log.ts';
import type { Fault } from './stream-verifier.ts';
import { verifyLog } from './verify-log.ts';

const log = nameLog(12);

async function faultOf(messages: readonly StoredMessage[], end = messages.length): Promise<Fault | null> {
  const { streams } = await verifyLog(contentOf(messages, end), { reducers: NAME_REDUCERS });
  return streams.find(({ stream }) => stream === 'EVENTS')?.fault ?? null;
}

function changed(position: number, change: (message: StoredMessage) => StoredMessage): StoredMessage[] {
  return log.map((message) => (message.position === position ? change(message) : message));
}

function withCommit(message: StoredMessage, members: object): StoredMessage {
  return { ...message, bytes: Buffer.from(JSON.stringify({ ...commitOf(message), ...members })) };
}

describe('a sound log', () => {
  it('has no fault, and is counted', async () => {
    const report = await verifyLog(contentOf(log), { reducers: NAME_REDUCERS });
    expect(report.ok).toBe(true);
    expect(report.streams[1]).toMatchObject({ stream: 'EVENTS', position: 12, commits: 12, events: 12, fault: null });
  });
});

describe('the first bad commit is named', () => {
  it.each<[what: string, messages: StoredMessage[], position: number, why: RegExp]>([
    [
      'a changed commit, by the next one of its aggregate',
      changed(4, (m) => withCommit(m, { actor: 'x' })),
      7,
      /names .* as the commit before/,
    ],
    ['bytes that are no JSON', changed(5, (m) => ({ ...m, bytes: m.bytes.subarray(0, 20) })), 5, /not JSON/],
    ['an envelope with a field too many', changed(5, (m) => withCommit(m, { more: 1 })), 5, /not a commit/],
    ['a subject of no aggregate', changed(5, (m) => ({ ...m, subject: 'evt.nothing.x' })), 5, /no aggregate has/],
    [
      'an event that is not known',
      changed(5, (m) => withCommit(m, { events: [{ type: 'NameSold', v: 1, data: {} }] })),
      5,
      /no event of name/,
    ],
    [
      'data that do not fit',
      changed(5, (m) => withCommit(m, { events: [{ type: 'NameReserved', v: 1, data: {} }] })),
      5,
      /does not fit its schema/,
    ],
    ['a repeated revision', changed(5, (m) => withCommit(m, { revision: 1 })), 5, /revision 1 .* follows revision 1/],
    ['a hole', log.filter(({ position }) => position !== 6 && position !== 7), 6, /positions 6 to 7 are missing/],
  ])('%s', async (_, messages, position, why) => {
    const fault = await faultOf(messages, 12);
    expect(fault).toMatchObject({ stream: 'EVENTS', position });
    expect(fault?.why).toMatch(why);
  });

  it('an end that is missing', async () => {
    expect(await faultOf(log.slice(0, 9), 12)).toMatchObject({ position: 10, why: 'positions 10 to 12 are missing' });
  });

  it('events that the rules can not fold', async () => {
    const reducers = {
      name: {
        initialState: 0,
        evolve: (state: number) => {
          if (state === 2) throw new Error('no third');
          return state + 1;
        },
      },
    };
    const { streams } = await verifyLog(contentOf(log), { reducers });
    expect(streams[1]?.fault).toMatchObject({ position: 7, why: expect.stringContaining('no third') });
  });
});

describe('sealed heads', () => {
  const key = newKey();

  async function sealedAt(messages: readonly StoredMessage[], ...positions: number[]): Promise<SealedHead[]> {
    const heads = positions.map(async (position) => {
      const { streams } = await verifyLog(contentOf(messages.slice(0, position)), { reducers: {} });
      const mark = streams[1];
      if (mark === undefined) throw new Error('no stream');
      const { rollingHash, lastHash } = mark;
      return sealHead('EVENTS', { position, rollingHash, lastHash }, 1_700_000_000_000, key);
    });
    return Promise.all(heads);
  }

  async function faultAgainst(messages: readonly StoredMessage[], heads: readonly SealedHead[]): Promise<Fault | null> {
    const seals = { heads, publicKey: key.publicKey };
    const { streams } = await verifyLog(contentOf(messages), { reducers: NAME_REDUCERS, seals });
    return streams[1]?.fault ?? null;
  }

  it('hold where nothing was touched', async () => {
    const seals = { heads: await sealedAt(log, 4, 9), publicKey: key.publicKey };
    const { streams } = await verifyLog(contentOf(log), { reducers: NAME_REDUCERS, seals });
    expect(streams[1]).toMatchObject({ fault: null, heads: 2, sealedTo: 9 });
  });

  it('show any commit that was rewritten with a correct chain behind it', async () => {
    const heads = await sealedAt(log, 4, 9, 12);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (position) => {
        const forged = rewritten(log, position);
        expect(await faultOf(forged)).toBe(null);
        const fault = await faultAgainst(forged, heads);
        const from = [1, 5, 10].findLast((begin) => begin <= position) ?? 1;
        const to = [4, 9, 12].find((end) => position <= end) ?? 12;
        expect(fault?.why).toMatch(/sealed/);
        expect(fault?.position).toBeGreaterThanOrEqual(from);
        expect(fault?.position).toBeLessThanOrEqual(to);
      }),
      { numRuns: 24 },
    );
  });

  it('show an end that was cut off, which no chain misses', async () => {
    const heads = await sealedAt(log, 4, 12);
    expect(await faultOf(log.slice(0, 10))).toBe(null);
    expect(await faultAgainst(log.slice(0, 10), heads)).toMatchObject({
      position: 11,
      why: expect.stringContaining('cut off'),
    });
  });

  it('prove nothing when somebody else has signed them, or when they were changed', async () => {
    const [head] = await sealedAt(log, 4);
    if (head === undefined) throw new Error('no head');
    const other = sealHead('EVENTS', head, head.at, newKey());
    expect((await faultAgainst(log, [other]))?.why).toMatch(/another key/);
    expect((await faultAgainst(log, [{ ...head, at: head.at + 1 }]))?.why).toMatch(/signature/);
  });
});

function newKey(): SealKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey, keyId: keyIdOf(publicKey) };
}
