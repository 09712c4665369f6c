// When the disks of a node count as busy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DiskPressure } from './disk-pressure.ts';

let folder: string;
let file: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  folder = mkdtempSync(join(tmpdir(), 'baton-pressure-'));
  file = join(folder, 'io');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function stalledFor(ms: number): void {
  const line = `avg10=0.00 avg60=0.00 avg300=0.00 total=${ms * 1_000}`;
  writeFileSync(file, `some ${line}\nfull ${line.replace(/\d+$/, '0')}\n`);
}

test('is high from a quarter of the time on, until it is below a tenth', () => {
  stalledFor(1_000);
  const pressure = new DiskPressure(file);
  const after = (elapsedMs: number, stalledMs: number) => {
    vi.advanceTimersByTime(elapsedMs);
    stalledFor(stalledMs);
    return pressure.isHigh();
  };
  expect(after(200, 1_040)).toBe(false);
  expect(after(200, 1_100)).toBe(true);
  expect(after(200, 1_130)).toBe(true);
  expect(after(200, 1_145)).toBe(false);
});

test('looks no more often than five times a second', () => {
  stalledFor(0);
  const pressure = new DiskPressure(file);
  vi.advanceTimersByTime(100);
  stalledFor(100);
  expect(pressure.isHigh()).toBe(false);
  vi.advanceTimersByTime(100);
  expect(pressure.isHigh()).toBe(true);
});

test('is never high where the kernel does not count it', () => {
  const pressure = new DiskPressure(join(folder, 'missing'));
  vi.advanceTimersByTime(1_000);
  expect(pressure.isHigh()).toBe(false);
});
