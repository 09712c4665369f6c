// Devices from one look to the next: what has gone stays listed with its reason, and comes back.
import { describe, expect, it } from 'vitest';
import { newFaults, presentDevices, type GpuAnswer, type RememberedDevice } from './gpu-memory.ts';
import type { GpuCard } from './gpu-xml.ts';

const device = (id: string) => ({ id, kind: 'gpu' as const, model: 'card', memoryBytes: 1 });
const card = (busId: string, ...ids: string[]): GpuCard => ({ busId, devices: ids.map(device), fault: null });
const answer = (change: Partial<GpuAnswer>): GpuAnswer => ({ cards: [], lost: [], failure: null, ...change });
const BEFORE: RememberedDevice[] = [
  { busId: 'a', device: device('one') },
  { busId: 'b', device: device('two') },
];
const shown = (devices: readonly RememberedDevice[]) =>
  devices.map(({ device: { id, fault } }) => (fault === undefined ? id : `${id}: ${fault}`));

describe('a card that was there', () => {
  it('and is named as lost, is out of service for that reason, and the others are not', () => {
    const now = answer({ cards: [card('b', 'two')], lost: [{ busId: 'a', fault: 'lost' }], failure: 'no answer' });
    expect(shown(presentDevices(now, BEFORE))).toEqual(['two', 'one: lost']);
  });
  it('and is not on the bus any more, is out of service', () => {
    expect(shown(presentDevices(answer({ cards: [card('b', 'two')] }), BEFORE))).toEqual([
      'two',
      'one: it is not on the bus any more',
    ]);
  });
  it('is out of service with all others when the driver does not answer', () => {
    expect(shown(presentDevices(answer({ failure: 'no driver' }), BEFORE))).toEqual([
      'one: no driver',
      'two: no driver',
    ]);
  });
  it('is back as soon as it is well', () => {
    const gone = presentDevices(answer({ failure: 'no driver' }), BEFORE);
    expect(shown(presentDevices(answer({ cards: [card('a', 'one'), card('b', 'two')] }), gone))).toEqual([
      'one',
      'two',
    ]);
  });
  it('is forgotten where its card was divided anew and is well', () => {
    expect(shown(presentDevices(answer({ cards: [card('a', 'half'), card('b', 'two')] }), BEFORE))).toEqual([
      'half',
      'two',
    ]);
  });
  it('keeps its reason where its card is there and can not tell who it is', () => {
    const ill: GpuCard = { busId: 'a', devices: [], fault: 'ERR!' };
    expect(shown(presentDevices(answer({ cards: [ill, card('b', 'two')] }), BEFORE))).toEqual(['two', 'one: ERR!']);
  });
});

it('tells of a fault once, when it comes', () => {
  const well = { ...device('one'), index: 0 };
  const ill = { ...well, fault: 'ECC' };
  expect(newFaults([well], [ill])).toEqual([{ id: 'one', fault: 'ECC' }]);
  expect(newFaults([ill], [{ ...ill, fault: 'worse' }])).toEqual([]);
  expect(newFaults([], [ill])).toEqual([{ id: 'one', fault: 'ECC' }]);
});
