// Each way in which an attempt can end, in words.
import type { AttemptResult } from '@baton/contracts';
import { expect, it } from 'vitest';
import { cancellationText, endText } from './end-text.ts';

it.each<[AttemptResult['reason'], number | null, string | null, string]>([
  ['exited', 3, null, 'exit code 3'],
  ['signalled', null, 'SIGSEGV', 'signal SIGSEGV'],
  ['cancelled', null, 'SIGKILL', 'cancelled (SIGKILL)'],
  ['cancelled', 0, null, 'cancelled (exit code 0)'],
  ['cancelled', null, null, 'cancelled'],
  ['time-limit', null, 'SIGTERM', 'time limit (SIGTERM)'],
  ['out-of-memory', null, 'SIGKILL', 'out of memory (SIGKILL)'],
  ['device-lost', null, 'SIGKILL', 'its device was lost (SIGKILL)'],
  ['took-early', null, 'SIGTERM', 'used a card before its turn (SIGTERM)'],
  ['bad-input', null, null, 'bad input'],
  ['start-failed', null, null, 'could not be started'],
  ['lost', null, null, 'lost'],
])('%s with %s and %s', (reason, exitCode, signal, text) => {
  expect(endText({ reason, exitCode, signal })).toBe(text);
});

it('names who cancelled it, by the name if the reader may know it', () => {
  const cancellation = { by: 'usr_b', reason: 'too slow', at: 1 };
  expect(cancellationText({ cancellation })).toBe('usr_b: too slow');
  expect(cancellationText({ cancellation: { ...cancellation, byName: 'Bea', reason: '' } })).toBe('Bea');
  expect(cancellationText({})).toBeUndefined();
});
