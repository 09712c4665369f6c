// The line: no device twice, nobody overtakes who could go first, and no device lies idle while a ready one could have it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Grant, grants, type LineEntry } from './line.ts';

const entry = (name: string, change: Partial<LineEntry> = {}): LineEntry => ({
  name,
  phase: 'ready',
  devices: [],
  twentieths: null,
  behind: null,
  isHeld: false,
  ...change,
});
const behind = (count: number, ...pool: string[]) => ({ count, pool });

describe('the line', () => {
  it('lets an attempt with devices of its own start at once', () => {
    expect(grants([entry('a', { devices: ['d0'] })])).toEqual([{ name: 'a', devices: ['d0'] }]);
  });

  it('keeps two attempts off one device, whatever the log says', () => {
    const line = [entry('a', { phase: 'running', devices: ['d0'] }), entry('b', { devices: ['d0'] })];
    expect(grants(line)).toEqual([]);
  });

  it('starts one that has a part of a device beside others that have parts, as long as there is room, and nobody beside one that has all', () => {
    const half = { devices: ['d0'], twentieths: 10 };
    const line = [entry('a', { phase: 'running', ...half }), entry('b', half), entry('c', half)];
    expect(grants(line)).toEqual([{ name: 'b', devices: ['d0'] }]);
    expect(grants([entry('all', { phase: 'running', devices: ['d0'] }), entry('b', half)])).toEqual([]);
    expect(grants([entry('a', { phase: 'running', ...half }), entry('all', { devices: ['d0'] })])).toEqual([]);
  });

  it('gives whichever device comes free first to the first that waits for it', () => {
    const line = [
      entry('runs', { phase: 'running', devices: ['d0'] }),
      entry('a', { behind: behind(1, 'd0', 'd1') }),
      entry('b', { behind: behind(1, 'd0', 'd1') }),
    ];
    expect(grants(line)).toEqual([{ name: 'a', devices: ['d1'] }]);
  });

  it('collects devices for one that needs several, and lets nobody behind it have them', () => {
    const line = [
      entry('runs', { phase: 'running', devices: ['d0'] }),
      entry('big', { behind: behind(2, 'd0', 'd1') }),
      entry('small', { behind: behind(1, 'd0', 'd1') }),
    ];
    expect(grants(line)).toEqual([]);
    expect(grants(line.slice(1))).toEqual([{ name: 'big', devices: ['d0', 'd1'] }]);
  });

  it('does not wait for one that is still being prepared', () => {
    const line = [entry('a', { phase: 'preparing', behind: behind(1, 'd0') }), entry('b', { behind: behind(1, 'd0') })];
    expect(grants(line)).toEqual([{ name: 'b', devices: ['d0'] }]);
  });

  it('leaves alone what the log has given to another, and what is out of service', () => {
    const given = [entry('own', { phase: 'preparing', devices: ['d0'] }), entry('a', { behind: behind(1, 'd0') })];
    expect(grants(given)).toEqual([]);
    expect(grants([entry('a', { behind: behind(1, 'd0') })], new Set(['d0']))).toEqual([]);
  });

  it('keeps the devices of one that waits for its peers, and gives them to nobody else', () => {
    const line = [entry('rank', { devices: ['d0'], isHeld: true }), entry('a', { behind: behind(1, 'd0', 'd1') })];
    expect(grants(line)).toEqual([{ name: 'a', devices: ['d1'] }]);
    expect(grants([entry('rank', { devices: ['d0'] }), ...line.slice(1)])).toEqual([
      { name: 'rank', devices: ['d0'] },
      { name: 'a', devices: ['d1'] },
    ]);
  });

  const ids = ['d0', 'd1', 'd2'];
  const entries = fc.array(
    fc.record({
      phase: fc.constantFrom('preparing', 'ready', 'running' as const),
      own: fc.subarray(ids),
      count: fc.integer({ min: 1, max: 3 }),
      waits: fc.boolean(),
      isHeld: fc.boolean(),
    }),
    { maxLength: 6 },
  );

  it('gives no device twice and leaves none idle that a ready attempt could have (property)', () => {
    fc.assert(
      fc.property(entries, (wanted) => {
        const line = wanted.map(({ phase, own, count, waits, isHeld }, index) => {
          if (phase === 'running') return entry(`${index}`, { phase, devices: index < 3 ? [`d${index}`] : [] });
          return waits
            ? entry(`${index}`, { phase, behind: behind(count, ...ids) })
            : entry(`${index}`, { phase, devices: own, isHeld });
        });
        const given = grants(line);
        const devices = [...line.filter((one) => one.phase === 'running'), ...given].flatMap((one) => one.devices);
        expect(new Set(devices).size).toBe(devices.length);
        expect(line.some((one) => one.isHeld && given.some(({ name }) => name === one.name))).toBe(false);
        expect(grants(after(line, given))).toEqual([]);
      }),
    );
  });

  it('gives no device for more than it is, whoever asks for a part, and leaves no room that one who is ready could have (property)', () => {
    const part = fc.option(fc.integer({ min: 1, max: 19 }));
    const wanted = fc.record({ phase: fc.constantFrom('ready' as const, 'preparing' as const), part, on: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 12 }), (all) => {
        let line = all.map(({ phase, part: twentieths, on }, index) =>
          entry(`${index}`, { phase, twentieths, devices: [`d${on}`] }),
        );
        // Those that are let run have come one after the other, and some go again.
        for (const name of ['', ...line.map((one) => one.name)]) {
          line = after(line, grants(line));
          for (const id of ['d0', 'd1', 'd2']) {
            const there = line.filter(({ phase, devices }) => phase === 'running' && devices.includes(id));
            const taken = there.reduce((sum, { twentieths }) => sum + (twentieths ?? 20), 0);
            expect(taken).toBeLessThanOrEqual(20);
            const ready = line.filter(({ phase, devices }) => phase === 'ready' && devices.includes(id));
            expect(ready.filter(({ twentieths }) => taken + (twentieths ?? 20) <= 20)).toEqual([]);
          }
          line = line.filter((one) => one.name !== name || one.phase !== 'running');
        }
      }),
    );
  });
});

function after(line: readonly LineEntry[], given: readonly Grant[]): LineEntry[] {
  return line.map((one) => {
    const grant = given.find(({ name }) => name === one.name);
    return grant ? { ...one, phase: 'running', devices: grant.devices, behind: null } : one;
  });
}
