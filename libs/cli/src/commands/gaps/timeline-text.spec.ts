// The picture of the ledger: what each character stands for, also without colours.
import type { DeviceGaps, GapCategory, GapsView } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { costsText } from './costs-text.ts';
import { pastTime } from './past-time.ts';
import { columnsOf, gapsText } from './timeline-text.ts';

const NONE: GapsView['totals'] = {
  running: 0,
  'waiting-for-take': 0,
  starting: 0,
  stopping: 0,
  staging: 0,
  unreachable: 0,
  'platform-down': 0,
  'out-of-service': 0,
  'idle-empty': 0,
  'idle-queued': 0,
};

function aDevice(...parts: readonly [GapCategory, number][]): DeviceGaps {
  let at = 0;
  const totals = { ...NONE };
  const intervals = parts.map(([category, length]) => {
    totals[category] += length;
    return { fromUs: at, toUs: (at += length), category, final: true };
  });
  const named = { nodeId: 'nod_a', nodeName: 'box', device: 'gpu-0' };
  return { ...named, fromUs: 0, toUs: at, totals, intervals, coalesced: false };
}

function aView(device: DeviceGaps, idleQueued: Record<string, number> = {}): GapsView {
  return {
    since: 0,
    until: device.toUs / 1_000,
    devices: [device],
    totals: device.totals,
    reasons: { 'idle-queued': idleQueued, 'out-of-service': {} },
    costs: { jobs: [], users: [], groups: [], others: { heldUs: 0, runningUs: 0 } },
  };
}

describe('the picture of the ledger', () => {
  it('shows in each column what took most of its time', () => {
    const device = aDevice(['idle-empty', 20_000], ['staging', 4_000], ['running', 16_000]);
    expect(columnsOf(device, { from: 0, to: 40_000 }, 4)).toEqual(['idle-empty', 'idle-empty', 'running', 'running']);
  });

  it('leaves blank what lies before a device joined', () => {
    const late = { intervals: [{ fromUs: 50, toUs: 100, category: 'running' as const, final: true }] };
    expect(columnsOf(late, { from: 0, to: 100 }, 4)).toEqual([null, null, 'running', 'running']);
  });

  it('has a line a device, and explains every character that it uses, with shares that say what is small', () => {
    const device = aDevice(['idle-queued', 20_000_000], ['running', 79_999_000], ['starting', 1_000]);
    const text = gapsText(aView(device, { 'devices-busy': 20_000_000 }), 60);
    expect(text).toContain('box gpu-0 [qqqqqq##########################]  80.0 % running');
    expect(text).toMatch(/^# +running +80\.0 % +1 min 19 s/m);
    expect(text).toMatch(/^\+ +starting +<0\.1 % +1 ms$/m);
    expect(text).toMatch(/^q +idle, though something queued +20\.0 % +20 s +devices-busy 20 s$/m);
    expect(text).not.toMatch(/unreachable/);
  });

  it('fits a narrow terminal', () => {
    const lines = gapsText(aView(aDevice(['running', 1_000_000])), 50).split('\n');
    expect(lines.find((line) => line.startsWith('box'))?.length).toBeLessThanOrEqual(50);
  });
});

describe('costs', () => {
  it('adds up the jobs that are not shown', () => {
    const jobs = Array.from({ length: 12 }, (_, index) => ({
      jobId: `job_${index}`,
      name: 'train',
      ownerId: 'usr_a',
      groupId: null,
      heldUs: 2_000_000,
      runningUs: 1_500_000,
    }));
    const users = [{ userId: 'usr_a', heldUs: 24_000_000, runningUs: 18_000_000 }];
    const text = costsText({ jobs, users, groups: [], others: { heldUs: 1, runningUs: 0 } }, () => 'ada@example.com');
    expect(text).toMatch(/^jobs +4\.00 +3\.00 +2 more/m);
    expect(text).toMatch(/^user +24\.00 +18\.00 +ada@example\.com$/m);
    expect(text).toMatch(/^others +0\.00 +0\.00 +other people's jobs$/m);
  });
});

describe('a time in the past', () => {
  it.each([
    ['90m', 10_000_000 - 5_400_000],
    ['2.5h', 10_000_000 - 9_000_000],
    ['7d', 0],
    ['1970-01-01T01:00:00Z', 3_600_000],
  ])('reads %s', (text, expected) => expect(pastTime(text, 10_000_000)).toBe(expected));

  it('refuses what is none', () => expect(() => pastTime('yesterday-ish', 0)).toThrow('is no time'));
});
