// Both checkers of client histories say the same: of one that is well, and of one in which a condition was not heeded.
import { join } from 'node:path';
import { temporaryFolder } from '@baton/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { History, readHistory } from './history.ts';
import { askPorcupine } from './porcupine.ts';
import { checkRegister } from './register-check.ts';

/** `expected` of each of two writes after the one that makes the register; both are acknowledged with the revision after it. */
async function historyOf(...expected: readonly number[]): Promise<string> {
  const folder = await temporaryFolder('baton-history-');
  onTestFinished(() => folder.cleanup());
  const history = new History(join(folder.path, 'history.ndjson'));
  for (const [index, revision] of [0, ...expected].entries()) {
    const value = `value ${index}`;
    const op = history.invoke('writer', 'register', { kind: 'write', expected: revision, value });
    history.tell(op, { type: 'ok', revision: revision + 1, value });
  }
  // Nobody knows of this one; the last read shows it.
  const last = Math.max(...expected) + 1;
  const open = history.invoke('writer', 'register', { kind: 'write', expected: last, value: 'late' });
  history.tell(open, { type: 'unknown' });
  const read = history.invoke('reader', 'register', { kind: 'read' });
  history.tell(read, { type: 'ok', revision: last + 1, value: 'late' });
  history.close();
  return history.path;
}

it('take a history in which each write built on the one before', { timeout: 120_000 }, async (context) => {
  const path = await historyOf(1, 2);
  expect(checkRegister(readHistory(path))).toEqual([]);
  const { result, why } = askPorcupine(path);
  if (result === 'absent') context.skip(`porcupine could not be asked: ${why}`);
  expect(result).toBe('Ok');
});

it('refuse one in which two writes built on the same revision', { timeout: 120_000 }, async (context) => {
  const path = await historyOf(1, 1);
  expect(checkRegister(readHistory(path))).not.toEqual([]);
  const { result, why } = askPorcupine(path);
  if (result === 'absent') context.skip(`porcupine could not be asked: ${why}`);
  expect(result).toBe('Illegal');
});
