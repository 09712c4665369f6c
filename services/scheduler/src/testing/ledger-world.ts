// A ledger on one node, told of jobs that come, start and end, for tests of what is learned from them and expected.
import type { AttemptResult, PinnedSpec, StartForecast } from '@baton/contracts';
import { type JobCommand, jobDecider } from '../domain/job.commands.ts';
import { JobLedger } from '../domain/ledger.ts';
import { aDescription, aSpec } from './job-builders.ts';
import { aResult } from './usage-events.ts';

export class LedgerWorld {
  readonly ledger = new JobLedger();
  #position = 0;

  constructor(slots: number) {
    const description = aDescription('a', { cpu: slots });
    const state = { phase: 'known', description, reachable: true, cordoned: null, admission: null } as const;
    this.ledger.setNodes([{ id: 'nod_a', heard: true, state }]);
  }

  submit(id: string, at: number, change: Partial<PinnedSpec> = {}): void {
    const owned = { ownerId: 'usr_a', groupId: null, visibility: 'private' } as const;
    this.tell(id, { type: 'Submit', spec: aSpec(change), owned, rerunOf: null }, at);
  }

  start(id: string, at: number, { slot = 0, forecast }: { slot?: number; forecast?: StartForecast } = {}): void {
    const said = forecast === undefined ? {} : { forecast };
    this.tell(id, { type: 'Assign', nodeId: 'nod_a', devices: [`cpu-${slot}`], ...said }, at);
    this.tell(id, { type: 'RecordStarting', attempt: 1 }, at);
    this.tell(id, { type: 'RecordStarted', attempt: 1, at }, at);
  }

  end(id: string, startedAt: number, endedAt: number, change: Partial<AttemptResult> = {}): void {
    const result = aResult({ startedAt, endedAt, ...change });
    this.tell(id, { type: 'RecordEnded', attempt: 1, result, now: endedAt }, endedAt);
  }

  /** It came, ran at once, and ended. */
  ran(id: string, from: number, until: number, change: Partial<PinnedSpec> = {}): void {
    this.submit(id, from, change);
    this.start(id, from);
    this.end(id, from, until);
  }

  tell(id: string, command: JobCommand, at: number): void {
    const record = this.ledger.active(id);
    const events = jobDecider.decide(command, record?.state ?? { phase: 'none' });
    this.#position += 1;
    const place = { position: this.#position, revision: (record?.revision ?? 0) + 1, hash: '', at };
    this.ledger.apply(id, events, place);
  }
}
