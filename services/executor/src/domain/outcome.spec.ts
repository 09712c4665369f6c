// From exit status to reason.
import { describe, expect, it } from 'vitest';
import { outcomeOf, parseExitFile } from './outcome.ts';

describe("the supervisor's exit file", () => {
  it.each([
    ['0 0 done\n', '', { kind: 'exited', code: 0 }],
    ['137 0 done\n', '', { kind: 'exited', code: 137 }],
    ['137 1 done\n', 'Killed\n', { kind: 'signalled', signal: 'SIGKILL' }],
    ['143 0 done\n', '', { kind: 'signalled', signal: 'SIGTERM' }],
    ['2 1 done\n', 'cannot create stdout\n', { kind: 'not-run', words: 'cannot create stdout' }],
    ['0 0 do', '', null],
    ['', '', null],
    ['999999 0 done\n', '', null],
  ])('%j with the words %j', (text, words, expected) => {
    expect(parseExitFile(text, () => words)).toEqual(expected);
  });
});

describe('the outcome', () => {
  const exited = { kind: 'exited', code: 0 } as const;

  it('of a stopped attempt is the cause of the stop, whatever code it chose', () => {
    expect(outcomeOf(exited, { cause: 'cancelled', at: 1 }, '')).toMatchObject({ reason: 'cancelled', exitCode: 0 });
    expect(outcomeOf(exited, { cause: 'time-limit', at: 1 }, '')).toMatchObject({ reason: 'time-limit' });
  });

  it('of a lost attempt is lost, also while it was being stopped', () => {
    expect(outcomeOf({ kind: 'lost', words: 'gone' }, { cause: 'cancelled', at: 1 }, '')).toMatchObject({
      reason: 'lost',
      message: 'gone',
    });
  });

  it('of a command that could not be executed is bad input, and of one that chose that code is its own', () => {
    const failed = { kind: 'exited', code: 127 } as const;
    expect(outcomeOf(failed, null, 'setpriv: failed to execute ./x: No such file or directory')).toMatchObject({
      reason: 'bad-input',
    });
    expect(outcomeOf(failed, null, 'sh: 1: frobnicate: not found')).toMatchObject({ reason: 'exited', exitCode: 127 });
  });
});
