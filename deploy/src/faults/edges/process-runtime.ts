// The agent's runtime over simulated processes.
import type { AttemptKey, Launch, ProcessEnd, ProcessIdentity, Runtime } from '@baton/executor/core';
import type { Breakage } from '../breakage.ts';
import type { SimulatedProcess } from '../kernel/kernel.ts';
import type { Behaviour, JobProcess, JobProcesses } from './job-processes.ts';

const ARM_MS = [5, 120] as const;

/** Of one agent: it waits as long as that lives. */
export function simulatedRuntime(
  processes: JobProcesses,
  agent: SimulatedProcess,
  broken: ReadonlySet<Breakage>,
): Runtime {
  const { kernel } = processes;
  const wait = new Waiting(processes, agent);
  const identityOf = ({ pid, bootId }: JobProcess): ProcessIdentity => ({
    pid,
    startTicks: pid,
    bootId,
    launchedUptimeMs: kernel.now,
  });
  return {
    bootId: processes.bootId,
    prepare: () => wait.pause(0, 20),
    async arm({ key, command, isLeased }: Launch) {
      await wait.pause(...ARM_MS);
      const process = processes.spawn(key, behaviourOf(command), { isLeased, isMissing: broken.has('lease-guard') });
      await wait.pause(1, 10);
      return identityOf(process);
    },
    go: (key, devices) => processes.letGo(key, devices, !broken.has('granted-file')),
    granted: (key) => processes.granted(key),
    takenAt: () => null,
    isAlive: (identity) => processes.isAlive(identity),
    async discard(key) {
      const process = processes.find(key);
      if (process !== undefined) await wait.cleared(process);
    },
    stamped: (identity) => ({ ...identity, launchedUptimeMs: kernel.now }),
    ended: (key, identity) => wait.ended(key, identity, broken.has('early-release')),
    signal: (key, _identity, signal) => processes.signal(key, signal),
    forget: () => undefined,
    ageMs: (identity) => Math.max(0, kernel.now - identity.launchedUptimeMs),
  };
}

class Waiting {
  readonly #processes: JobProcesses;
  readonly #agent: SimulatedProcess;

  constructor(processes: JobProcesses, agent: SimulatedProcess) {
    this.#processes = processes;
    this.#agent = agent;
  }

  pause(leastMs: number, mostMs: number): Promise<void> {
    const { kernel } = this.#processes;
    return new Promise((resolve) => kernel.schedule(this.#agent, kernel.between(leastMs, mostMs), resolve));
  }

  /** Gone, killed if it has to be. */
  async cleared(process: JobProcess): Promise<void> {
    while (process.state !== 'gone') {
      this.#processes.signal(process.key, 'SIGKILL');
      await this.pause(1, 40);
    }
  }

  async ended(key: AttemptKey, identity: ProcessIdentity, isEarly: boolean): Promise<ProcessEnd> {
    const process = this.#processes.find(key);
    if (process === undefined || process.pid !== identity.pid) return lost('There is no trace of it.');
    if (identity.bootId !== this.#processes.bootId)
      return (process.isEndLost ? null : process.end) ?? lost('The server was restarted while the job ran.');
    await this.#left(process);
    if (!isEarly) {
      await this.pause(0, 3);
      await this.cleared(process);
    }
    return process.end ?? lost('The process beside the job was killed, and the job with it.');
  }

  #left(process: JobProcess): Promise<void> {
    const { kernel } = this.#processes;
    return new Promise((resolve) => {
      const look = (): void => {
        if (process.state !== 'leaving' && process.state !== 'gone') return;
        process.watchers.delete(look);
        kernel.schedule(this.#agent, kernel.between(0, 2), resolve);
      };
      process.watchers.add(look);
      look();
    });
  }
}

function lost(words: string): ProcessEnd {
  return { kind: 'lost', words };
}

/** Of a command of the simulation: `run <ms> <exit code> [deaf]`. */
function behaviourOf([, runMs, exitCode, deaf]: readonly string[]): Behaviour {
  return { runMs: Number(runMs), exitCode: Number(exitCode), ignoresTerm: deaf === 'deaf' };
}
