// Attempts and journals for unit tests.
import type { AttemptResult, DesiredAttempt } from '@baton/contracts';
import { type AttemptState, emptyJournal, evolve, type JournalEntry, type JournalState } from '../domain/journal.ts';

export function aSpec(number: number): DesiredAttempt {
  return {
    jobId: `job_${String(number).padStart(26, '0')}`,
    attempt: 1,
    want: 'run',
    jobName: 'test',
    ownerId: `usr_${'0'.repeat(26)}`,
    command: ['true'],
    env: {},
    secrets: [],
    code: null,
    datasets: [],
    devices: [],
    cpus: 1,
    memoryBytes: 0,
    timeLimitMs: null,
    behind: null,
    graceMs: null,
    earlyStart: false,
    checkpoints: null,
    environment: {},
  };
}

export function aResult(): AttemptResult {
  return {
    reason: 'exited',
    exitCode: 0,
    signal: null,
    message: '',
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: 1,
    endedAt: 2,
  };
}

/** The entries that bring an attempt to a phase; facts are numbered from `firstSeq`. */
export function entriesTo(spec: DesiredAttempt, phase: AttemptState['phase'], firstSeq = 1): JournalEntry[] {
  const key = { jobId: spec.jobId, attempt: spec.attempt };
  const process = { pid: 1, startTicks: 1, bootId: 'boot', launchedUptimeMs: 0 };
  const all: JournalEntry[] = [
    { type: 'starting', fact: { type: 'starting', seq: firstSeq, ...key, at: 1 }, spec },
    { type: 'armed', ...key, process },
    { type: 'started', fact: { type: 'started', seq: firstSeq + 1, ...key, at: 1 }, process },
    { type: 'ended', fact: { type: 'ended', seq: firstSeq + 2, ...key, at: 2, result: aResult() } },
  ];
  return all.slice(0, ['starting', 'armed', 'running', 'ended'].indexOf(phase) + 1);
}

export function journalWith(...attempts: readonly (readonly [DesiredAttempt, AttemptState['phase']])[]): JournalState {
  return attempts.reduce(
    (state, [spec, phase]) => entriesTo(spec, phase, state.lastSeq + 1).reduce(evolve, state),
    emptyJournal,
  );
}
