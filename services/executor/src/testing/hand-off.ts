// Attempts that hold their device until they are told, and those that wait behind them.
import type { DesiredAttempt, Device } from '@baton/contracts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { shell, type World } from './world.ts';

export const slot = (index: number): Device => ({
  id: `cpu-${index}`,
  kind: 'cpu',
  index,
  model: 'CPU slot',
  memoryBytes: 0,
});

/** Runs until told; says when it began. */
export const HOLD = 'echo begun; while [ ! -e "$BATON_CHECKPOINT_DIR/stop" ]; do sleep 0.01; done';
export const NEXT = 'echo run >> "$BATON_CHECKPOINT_DIR/runs"';

export function waitingFor(script: string, ...predecessors: DesiredAttempt[]): DesiredAttempt {
  const pool = predecessors.flatMap((spec) => spec.devices);
  const keys = predecessors.map(({ jobId, attempt }) => ({ jobId, attempt }));
  return shell(script, { devices: [], behind: { count: 1, pool, predecessors: keys } });
}

/** What is seen of them in a test's world, and how they are let go. */
export class HandOff {
  readonly #world: () => World;

  constructor(world: () => World) {
    this.#world = world;
  }

  types(spec: DesiredAttempt): string[] {
    return this.#world()
      .scheduler.of(spec)
      .map((fact) => fact.type);
  }

  async staged(spec: DesiredAttempt): Promise<void> {
    await eventually(() => this.types(spec).includes('staged'), 'it is staged');
    const ahead = spec.behind?.predecessors ?? [];
    const hasStarted = (jobId: string) =>
      this.#world().scheduler.facts.some((fact) => fact.jobId === jobId && fact.type === 'started');
    await eventually(() => ahead.every(({ jobId }) => hasStarted(jobId)), 'those ahead run');
  }

  checkpoints(spec: DesiredAttempt): string {
    return join(this.#world().folder, 'agent', 'checkpoints', spec.jobId);
  }

  release(spec: DesiredAttempt): void {
    writeFileSync(join(this.checkpoints(spec), 'stop'), '');
  }

  runs(spec: DesiredAttempt): number {
    try {
      return readFileSync(join(this.checkpoints(spec), 'runs'), 'utf8').split('run').length - 1;
    } catch {
      return 0;
    }
  }
}
