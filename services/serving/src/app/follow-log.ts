// Keeps the registry at what the log says: at boot all endpoints are loaded side by side, then each commit as it comes.
import type { EndpointEvent } from '@baton/contracts';
import { fold } from '@baton/decider';
import type { EventStore } from '@baton/event-store';
import type { EndpointState } from '../domain/endpoint.ts';
import { endpointDecider } from '../domain/endpoint.commands.ts';
import type { EndpointRegistry } from './registry.ts';

interface Known {
  readonly state: EndpointState;
  readonly revision: number;
}

export interface LogFollowing {
  /** Resolves when every endpoint that the log held at the start is loaded or has failed. */
  readonly loaded: Promise<void>;
}

export interface LogFollowingOptions {
  readonly events: Pick<EventStore, 'subscribe'>;
  readonly registry: EndpointRegistry;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, where: string) => void;
  readonly wait: (ms: number) => Promise<void>;
}

const RETRY_MS = 1_000;

/** Goes on until the signal aborts; where the log can't be read for a while, it begins again behind the last commit. */
export function followLog(options: LogFollowingOptions): LogFollowing {
  const { promise: loaded, resolve } = Promise.withResolvers<void>();
  const follower = new Follower(options, resolve);
  void follower.run();
  return { loaded };
}

class Follower {
  readonly #options: LogFollowingOptions;
  readonly #loaded: () => void;
  readonly #known = new Map<string, Known>();
  #position = 0;
  #isLive = false;

  constructor(options: LogFollowingOptions, loaded: () => void) {
    this.#options = options;
    this.#loaded = loaded;
  }

  async run(): Promise<void> {
    const { signal, report, wait } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        report(error, 'following the log');
        await wait(RETRY_MS);
      }
    }
  }

  async #follow(): Promise<void> {
    const { events, registry, signal } = this.#options;
    for await (const item of events.subscribe(this.#position, { aggregates: ['endpoint'], signal })) {
      if (item.kind === 'caught-up') this.#goLive();
      else {
        const { ref, events: stored, revision, position } = item.commit;
        const state = fold(endpointDecider, stored as unknown as EndpointEvent[], this.#known.get(ref.id)?.state);
        this.#known.set(ref.id, { state, revision });
        this.#position = position;
        if (this.#isLive) void registry.observe(ref.id, state, revision);
      }
    }
  }

  /** What was deleted before the start is not even loaded. */
  #goLive(): void {
    if (this.#isLive) return;
    this.#isLive = true;
    const active = [...this.#known].filter(([, { state }]) => state.status === 'active');
    const all = active.map(([id, { state, revision }]) => this.#options.registry.observe(id, state, revision));
    void Promise.all(all).then(this.#loaded);
  }
}
