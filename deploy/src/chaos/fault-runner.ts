// Carries faults out on the real processes, until so many have been killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { processesOf } from '@baton/testkit';
import { type Fault, type Part, faultText, type PlannedFault, type Server } from './faults.ts';
import type { Scene } from './scene.ts';
import type { Tally } from './tally.ts';
import type { PowerCut, Run } from './users/run.ts';

const RISE_MS = 20_000;

export class FaultRunner {
  readonly #scene: Scene;
  readonly #tally: Tally;
  readonly #random: () => number;
  readonly #say: (text: string) => void;
  readonly #powerCuts: PowerCut[];
  /** Those that are stopped, until they go on. */
  readonly #pauses = new Set<Promise<void>>();

  constructor({ scene, tally, say, powerCuts }: Run, random: () => number) {
    this.#scene = scene;
    this.#tally = tally;
    this.#random = random;
    this.#say = say;
    this.#powerCuts = powerCuts;
  }

  async run(plan: Iterator<PlannedFault, never>, kills: number): Promise<void> {
    while (this.#tally.kills < kills) {
      const { fault, afterMs } = plan.next().value;
      await sleep(afterMs);
      this.#say(`${String(this.#tally.kills).padStart(3)} kills; ${faultText(fault)}`);
      await this.#carryOut(fault);
    }
    await Promise.all(this.#pauses);
  }

  async #carryOut(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return this.#killParts(fault.parts);
      case 'kill-supervisor':
        return this.#killSupervisor();
      case 'kill-launcher':
        return this.#killLauncher();
      case 'kill-everything':
        return this.#killEverything();
      case 'pause':
        return this.#pause(fault.part, fault.forMs);
      case 'restart':
        return this.#restart();
      case 'power-cut':
        return this.#cutPower(fault.servers, fault.seed);
      default:
        return fault satisfies never;
    }
  }

  /** All in the same moment, once each of them runs. */
  async #killParts(parts: readonly Part[]): Promise<void> {
    const deadline = performance.now() + RISE_MS;
    const pids = () => parts.flatMap((part) => this.#pidOf(part) ?? []);
    while (pids().length < parts.length && performance.now() < deadline) await sleep(20);
    for (const pid of pids()) this.#kill(pid);
  }

  #pidOf(part: Part): number | null {
    const { platform, agent } = this.#scene;
    return part === 'joined-agent' ? agent.pid : (platform.parts()[part] ?? null);
  }

  #kill(pid: number): void {
    if (signalled(pid, 'SIGKILL')) this.#tally.kills += 1;
  }

  async #killSupervisor(): Promise<void> {
    const deadline = performance.now() + RISE_MS;
    while (performance.now() < deadline) {
      const found = processesOf(this.#scene.folder).filter(({ command }) => / \S*supervisor\.sh /.test(command));
      // A supervisor's subshell has its words, and is killed with it.
      const chosen = found[Math.floor(this.#random() * found.length)];
      if (chosen) return this.#kill(chosen.pid);
      await sleep(50);
    }
  }

  async #killLauncher(): Promise<void> {
    this.#kill(this.#scene.platform.pid ?? 0);
    await this.#start();
  }

  async #killEverything(): Promise<void> {
    this.#tally.kills += await this.#scene.platform.killAll();
    await this.#start();
  }

  async #restart(): Promise<void> {
    await Promise.all(this.#pauses);
    await this.#scene.platform.stop();
    this.#tally.restarts += 1;
    await this.#start();
  }

  async #cutPower(servers: readonly Server[], seed?: number): Promise<void> {
    const { disks, agent } = this.#scene;
    if (disks === null) return;
    const from = Date.now();
    const cut = async (server: Server) => (this.#tally.kills += await disks[server].cut(seed));
    const first = servers.includes('first') ? cut('first') : null;
    const second = servers.includes('second') ? agent.downDuring(() => cut('second')) : null;
    await Promise.all([first, second]);
    this.#tally.powerCuts += 1;
    this.#powerCuts.push({ servers, from, to: Date.now() });
    if (first !== null) await this.#start();
  }

  async #start(): Promise<void> {
    const since = performance.now();
    await this.#scene.platform.start();
    this.#say(`          ready again after ${Math.round(performance.now() - since)} ms`);
  }

  async #pause(part: Part, forMs: number): Promise<void> {
    const pid = this.#pidOf(part);
    if (pid === null || !signalled(pid, 'SIGSTOP')) return;
    this.#tally.pauses += 1;
    const going = sleep(forMs).then(() => void signalled(pid, 'SIGCONT'));
    this.#pauses.add(going);
    void going.then(() => this.#pauses.delete(going));
  }
}

/** False if there is no such process any more. */
function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
