// Containers as the daemon keeps them: made, asked how they ended, and removed, also when the daemon was away meanwhile.
import type Docker from 'dockerode';
import type { Container, ContainerCreateOptions } from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reporter } from '../../app/ports.ts';
import { type AttemptKey, attemptName } from '../../domain/journal.ts';
import { ATTEMPT_LABEL, NODE_LABEL } from './container-options.ts';
import { type DockerDaemon, refusal, wordsOf } from './docker-daemon.ts';

const REMOVE_WITHIN_MS = 10_000;
const REMOVE_AGAIN_MS = 10_000;
/** Its first process is gone, and the daemon has not heard of it yet. */
const SETTLE_MS = 5_000;
const SETTLE_POLL_MS = 20;
/** An attempt whose end is known is not kept from telling it. */
const OUT_OF_MEMORY_WAIT_MS = 5_000;
const MAX_OUTPUT_CHARS = 2_000;
const FRAME_HEADER_BYTES = 8;

export interface LastState {
  readonly ranOutOfMemory: boolean;
  /** Why it may have ended without a word. */
  readonly words: string;
}

export class Containers {
  readonly #daemon: DockerDaemon;
  readonly #nodeId: string;
  readonly #reporter: Reporter;
  /** Removals that are to be tried again, by name. */
  readonly #removals = new Map<string, NodeJS.Timeout>();

  constructor(daemon: DockerDaemon, { nodeId, reporter }: { readonly nodeId: string; readonly reporter: Reporter }) {
    this.#daemon = daemon;
    this.#nodeId = nodeId;
    this.#reporter = reporter;
  }

  async start(options: ContainerCreateOptions & { readonly name: string }): Promise<Container> {
    // It would take away the new one of that name.
    clearTimeout(this.#removals.get(options.name));
    const container = await this.#daemon.ask((docker) => this.#create(docker, options));
    await this.#daemon.ask(() => started(container));
    return container;
  }

  async #create(docker: Docker, options: ContainerCreateOptions & { readonly name: string }): Promise<Container> {
    try {
      return await docker.createContainer(options);
    } catch (error) {
      if (refusal(error) !== 409) throw error;
      // Of an agent that was killed before it could write down that it had made it: nothing has run in it.
      await docker.getContainer(options.name).remove({ force: true, v: true });
      return docker.createContainer(options);
    }
  }

  /** Of one that is over. With `isRiddle` the answer is waited for, however long the daemon is away. */
  async lastState(name: string, isRiddle: boolean): Promise<LastState> {
    const waitMs = isRiddle ? {} : { waitMs: OUT_OF_MEMORY_WAIT_MS };
    const onProgress = this.#once(name);
    try {
      return await this.#settled(() =>
        this.#daemon.ask((docker) => docker.getContainer(name).inspect(), { onProgress, ...waitMs }),
      );
    } catch (error) {
      const words =
        refusal(error) === 404
          ? 'Its container was removed while the job ran.'
          : `Its container has ended, and why is not known: ${wordsOf(error)}`;
      return { ranOutOfMemory: false, words };
    }
  }

  async #settled(inspect: () => Promise<Docker.ContainerInspectInfo>): Promise<LastState> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const { State } = await inspect();
      if (!State.Running || performance.now() > deadline)
        return { ranOutOfMemory: State.OOMKilled, words: gone(State.Error) };
      await sleep(SETTLE_POLL_MS);
    }
  }

  /** What it has said where nobody listens: why its first process could not begin. */
  async output(name: string): Promise<string> {
    try {
      const wanted = { stdout: true, stderr: true, follow: false } as const;
      const bytes = await this.#daemon.ask((docker) => docker.getContainer(name).logs(wanted), { waitMs: 0 });
      return unframed(bytes).trim().slice(0, MAX_OUTPUT_CHARS);
    } catch {
      return '';
    }
  }

  /** Never rejects. Tried again from time to time when the daemon is away for longer than `waitMs`. */
  async remove(name: string, waitMs = REMOVE_WITHIN_MS): Promise<void> {
    this.#removals.delete(name);
    try {
      await this.#daemon.ask((docker) => docker.getContainer(name).remove({ force: true, v: true }), { waitMs });
    } catch (error) {
      // 404: it is gone. 409: somebody else removes it.
      if (refusal(error) === 404 || refusal(error) === 409) return;
      this.#once(name)(wordsOf(error));
      this.#removals.set(name, setTimeout(() => void this.remove(name, 0), REMOVE_AGAIN_MS).unref());
    }
  }

  /** Containers of attempts that are over, whose agent was killed before it could remove them. `known`: as it is when they are found. */
  sweep(known: () => readonly AttemptKey[]): void {
    this.#sweep(known).catch((error: unknown) =>
      this.#reporter.warn({ error: wordsOf(error) }, 'old containers could not be looked for'),
    );
  }

  async #sweep(known: () => readonly AttemptKey[]): Promise<void> {
    const filters = { label: [`${NODE_LABEL}=${this.#nodeId}`] };
    const found = await this.#daemon.ask((docker) => docker.listContainers({ all: true, filters }));
    const names = new Set(known().map(attemptName));
    const over = found.filter(({ Labels }) => !names.has(Labels[ATTEMPT_LABEL] ?? ''));
    await Promise.all(over.map(({ Id }) => this.remove(Id)));
  }

  /** Says it once, not at every try. */
  #once(name: string): (text: string) => void {
    let isTold = false;
    return (reason) => {
      if (!isTold) this.#reporter.warn({ container: name, reason }, 'docker can not be asked about a container');
      isTold = true;
    };
  }
}

function gone(error: string): string {
  const more = error === '' ? '' : ` (${error})`;
  return `Its container was stopped from outside${more}, and the job with it: by somebody, or by a restart of docker.`;
}

/** 304: an answer that was lost on its way had started it. */
async function started(container: Container): Promise<void> {
  try {
    await container.start();
  } catch (error) {
    if (refusal(error) !== 304) throw error;
  }
}

/** The daemon puts a header of eight bytes before each piece: which output, three blanks, the length. */
function unframed(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length;) {
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 4);
    text += bytes.toString('utf8', at + FRAME_HEADER_BYTES, end);
    at = end;
  }
  return text;
}
