// How an attempt ended, in words: from the supervisor's exit status and what the agent itself did.
import type { EndReason } from '@baton/contracts';
import type { StopRequest } from './journal.ts';
import { signalName } from './signals.ts';

/** What the supervisor beside the attempt left behind. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** The command could not be run at all; the shell's or kernel's words. */
  | { readonly kind: 'not-run'; readonly words: string }
  /** The kernel killed a process of it, because it used more memory than its limit. */
  | { readonly kind: 'out-of-memory' }
  /** No exit status: the supervisor was killed, or the server went down. */
  | { readonly kind: 'lost'; readonly words: string };

export interface Outcome {
  readonly reason: EndReason;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly message: string;
}

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** Shells report a death by signal n as 128 + n, and say so in words for all but these. */
const SILENT_SIGNALS = new Set([2, 13, 15]);

/** The line that the supervisor writes: `<status> <1 if the shell had something to say> done`. Null if it is torn; blanks may follow. `words` reads them. */
export function parseExitFile(text: string, words: () => string): ProcessEnd | null {
  const match = /^(\d{1,3}) ([01]) done\n\s*$/.exec(text);
  if (!match) return null;
  const status = Number(match[1]);
  const spoke = match[2] === '1';
  if (status > 128 && (spoke || SILENT_SIGNALS.has(status - 128)))
    return { kind: 'signalled', signal: signalName(status - 128) };
  if (spoke) return { kind: 'not-run', words: words().trim() };
  return { kind: 'exited', code: status };
}

export function outcomeOf(end: ProcessEnd, stop: StopRequest | null, lastLine: string): Outcome {
  if (end.kind === 'lost') return lost(end.words);
  const exitCode = end.kind === 'exited' ? end.code : null;
  const signal = end.kind === 'signalled' ? end.signal : null;
  if (stop !== null)
    return { reason: stop.cause, exitCode, signal, message: `${STOPPED[stop.cause]}${stop.detail ?? ''}` };
  if (end.kind === 'out-of-memory')
    return { reason: 'out-of-memory', exitCode, signal: 'SIGKILL', message: OUT_OF_MEMORY };
  if (end.kind === 'not-run')
    return { reason: 'bad-input', exitCode, signal, message: `The command could not be run: ${end.words}` };
  if (end.kind === 'signalled') return { reason: 'signalled', exitCode, signal, message: signalledMessage(end.signal) };
  if (isExecFailure(end.code, lastLine))
    return { reason: 'bad-input', exitCode, signal, message: `The command could not be run: ${lastLine}` };
  return { reason: 'exited', exitCode, signal, message: `Exited with code ${end.code}.` };
}

export function lost(message: string): Outcome {
  return { reason: 'lost', exitCode: null, signal: null, message };
}

const OUT_OF_MEMORY = 'It used more memory than it asked for and was killed; ask for more with resources.memory.';
const STOPPED = {
  cancelled: 'Stopped as asked.',
  'time-limit': 'Stopped at its time limit.',
  'device-lost': 'A device of it is out of service: ',
  'took-early':
    'It used a card while it waited for its turn. Touch CUDA, and start workers that do, only after baton.take() has returned, or leave earlyStart out: ',
  'not-taken': 'It had its devices, and did not call baton.take() within the time that the node allows.',
} as const;

function signalledMessage(signal: string): string {
  const hint = signal === 'SIGKILL' ? ' If nobody did that, the server may have run out of memory.' : '';
  return `Ended by ${signal}.${hint}`;
}

/** What setpriv, or the shell where there is none, says when the command's file can't be executed: a wrong `#!` line, for one. */
const EXEC_FAILURE = /^setpriv: failed to execute|(supervisor|waiter)\.sh: .*exec: /;

function isExecFailure(code: number, lastLine: string): boolean {
  return (code === NOT_FOUND || code === NOT_EXECUTABLE) && EXEC_FAILURE.test(lastLine);
}
