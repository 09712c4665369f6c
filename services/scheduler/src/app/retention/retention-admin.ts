// Retention as admins ask for it, and as it runs by itself on whoever leads.
import type { RetentionSweep } from '@baton/contracts';
import type { Leadership } from '../leadership.ts';
import type { Policies } from '../policies.ts';
import type { Caller } from '../ports.ts';
import { requireAdmin } from '../require-admin.ts';
import type { Sweeper } from './sweeper.ts';

/** After the start, which has other things to do. */
const FIRST_AFTER_MS = 30_000;
const EVERY_MS = 600_000;

export interface RetentionAdminPorts {
  readonly sweeper: Sweeper;
  readonly policies: Policies;
  readonly leadership: Leadership;
  readonly report: (error: unknown, where: string) => void;
}

export class RetentionAdmin {
  readonly #ports: RetentionAdminPorts;

  constructor(ports: RetentionAdminPorts) {
    this.#ports = ports;
  }

  /** What goes now; it goes after the answer, unless it is a dry run. */
  async sweep(caller: Caller, { dryRun = false }: { readonly dryRun?: boolean }): Promise<RetentionSweep> {
    requireAdmin(caller);
    const { leadership, policies, sweeper } = this.#ports;
    leadership.leader();
    const plan = await sweeper.plan(policies.current().policy.retention);
    const summary = await sweeper.summary(plan, dryRun);
    if (!dryRun) void this.#run(() => Promise.resolve(plan));
    return summary;
  }

  /** Until the signal aborts, while this instance leads. */
  watch(signal: AbortSignal): void {
    const { policies, sweeper } = this.#ports;
    const timers: NodeJS.Timeout[] = [];
    const tick = () => void this.#run(() => sweeper.plan(policies.current().policy.retention));
    timers.push(setTimeout(tick, FIRST_AFTER_MS).unref(), setInterval(tick, EVERY_MS).unref());
    signal.addEventListener(
      'abort',
      () => {
        for (const timer of timers) clearTimeout(timer);
      },
      { once: true },
    );
  }

  async #run(plan: () => ReturnType<Sweeper['plan']>): Promise<void> {
    const { leadership, report, sweeper } = this.#ports;
    const told = (error: unknown): void => report(error, 'retention');
    const mayGoOn = (): boolean => leadership.isSure();
    if (!mayGoOn()) return;
    await plan().then((expired) => sweeper.sweep(expired, mayGoOn, told), told);
  }
}
