// The newest state of aggregates in memory, never older than what this process wrote or the log told it.
import { fold, type Decider } from '@baton/decider';

export interface Versioned<State> {
  readonly state: State;
  readonly revision: number;
}

/** One commit of an aggregate, as far as a mirror cares. */
export interface MirroredCommit<Event> {
  readonly id: string;
  readonly revision: number;
  readonly events: readonly Event[];
}

export interface MirrorOptions<State> {
  /** The whole truth about one aggregate; consistent with every append that has resolved. */
  readonly load: (id: string) => Promise<Versioned<State>>;
  /** Above it the longest unused are forgotten and loaded again when asked for. */
  readonly max: number;
}

export class Mirror<Command, State, Event> {
  readonly #decider: Decider<Command, State, Event>;
  readonly #options: MirrorOptions<State>;
  readonly #known = new Map<string, Versioned<State>>();
  /** Loads under way; true once a commit came that the load may have missed. */
  readonly #loading = new Map<string, { overtaken: boolean; readonly done: Promise<Versioned<State>> }>();

  constructor(decider: Decider<Command, State, Event>, options: MirrorOptions<State>) {
    this.#decider = decider;
    this.#options = options;
  }

  /** The state from memory, otherwise from the log. An aggregate that isn't there is not remembered. */
  async get(id: string): Promise<Versioned<State>> {
    const known = this.#known.get(id);
    if (known) {
      this.#known.delete(id);
      this.#known.set(id, known);
      return known;
    }
    return this.#loading.get(id)?.done ?? this.#load(id);
  }

  /** A state that this process has just written; an older one than known is ignored. */
  put(id: string, next: Versioned<State>): void {
    const loading = this.#loading.get(id);
    if (loading) loading.overtaken = true;
    this.#remember(id, next);
  }

  #remember(id: string, next: Versioned<State>): void {
    if (next.revision === 0 || (this.#known.get(id)?.revision ?? 0) >= next.revision) return;
    this.#known.delete(id);
    this.#known.set(id, next);
    this.#forgetLongestUnused();
  }

  /** A commit that the log tells of, in the log's order. */
  follow({ id, revision, events }: MirroredCommit<Event>): void {
    const loading = this.#loading.get(id);
    if (loading) loading.overtaken = true;
    const known = this.#known.get(id);
    if (!known || known.revision >= revision) return;
    if (known.revision === revision - 1)
      this.#remember(id, { state: fold(this.#decider, events, known.state), revision });
    else this.#known.delete(id);
  }

  /** After a break in following: everything is loaded again when asked for. */
  clear(): void {
    for (const loading of this.#loading.values()) loading.overtaken = true;
    this.#known.clear();
  }

  #load(id: string): Promise<Versioned<State>> {
    const load = { overtaken: false, done: this.#loadUntilQuiet(id) };
    this.#loading.set(id, load);
    return load.done.finally(() => this.#loading.delete(id));
  }

  async #loadUntilQuiet(id: string): Promise<Versioned<State>> {
    for (;;) {
      const loaded = await this.#options.load(id);
      const load = this.#loading.get(id);
      this.#remember(id, loaded);
      if (!load?.overtaken) return this.#known.get(id) ?? loaded;
      load.overtaken = false;
    }
  }

  #forgetLongestUnused(): void {
    if (this.#known.size <= this.#options.max) return;
    for (const id of this.#known.keys()) {
      this.#known.delete(id);
      return;
    }
  }
}
