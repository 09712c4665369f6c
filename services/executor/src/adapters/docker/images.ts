// Images of this node's docker: found, or pulled once for all who ask, with progress.
import { PlatformError } from '@baton/errors';
import type Docker from 'dockerode';
import { SharedWork, type WorkRun } from '../../app/shared-work.ts';
import { type DockerDaemon, refusal, wordsOf } from './docker-daemon.ts';
import { PullProgress, type PullEvent } from './pull-progress.ts';

export interface FoundImage {
  /** `sha256:...`: what a tag names may change, this does not. */
  readonly id: string;
  /** By which a registry knows it; null if it never came from one. */
  readonly digest: string | null;
  /** NAME=VALUE. */
  readonly env: readonly string[];
}

export class Images {
  readonly #daemon: DockerDaemon;
  readonly #pulling = new SharedWork<void>();

  constructor(daemon: DockerDaemon) {
    this.#daemon = daemon;
  }

  /**
   * What the node has under that reference, else what the registry has. `invalid_input`, with the registry's words, if it has none;
   * `unavailable` if it can't be reached.
   */
  async ensure(reference: string, run: WorkRun): Promise<FoundImage> {
    const known = await this.find(reference, run);
    if (known !== null) return known;
    run.onProgress(`image ${reference}`);
    await this.#pulling.run(reference, (shared) => this.#pull(reference, shared), run);
    const pulled = await this.find(reference, run);
    if (pulled !== null) return pulled;
    throw new PlatformError('unavailable', `The image ${reference} was pulled, and is not there.`);
  }

  /** Null if the node does not have it. */
  async find(reference: string, run?: WorkRun): Promise<FoundImage | null> {
    try {
      const found = await this.#daemon.ask((docker) => docker.getImage(reference).inspect(), run);
      // Of an imported image some daemons say null.
      const digests = (found.RepoDigests as readonly string[] | null) ?? [];
      return { id: found.Id, digest: digests[0] ?? null, env: found.Config.Env ?? [] };
    } catch (error) {
      if (refusal(error) === 404) return null;
      throw error;
    }
  }

  async #pull(reference: string, run: WorkRun): Promise<void> {
    try {
      const stream = await this.#daemon.ask(() => begin(this.#daemon.patient, reference), run);
      await follow(stream, reference, run);
      run.signal.throwIfAborted();
    } catch (error) {
      run.signal.throwIfAborted();
      throw notPulled(reference, error);
    }
  }
}

function begin(docker: Docker, reference: string): Promise<NodeJS.ReadableStream> {
  // Without a tag the daemon would pull every tag that there is.
  const named = /(@|:[^/]*$)/.test(reference) ? reference : `${reference}:latest`;
  return docker.pull(named);
}

async function follow(
  stream: NodeJS.ReadableStream,
  reference: string,
  { signal, onProgress }: WorkRun,
): Promise<void> {
  const progress = new PullProgress();
  const stop = () => (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of linesOf(stream)) {
      progress.take(JSON.parse(line) as PullEvent);
      onProgress(`image ${reference} ${progress.percent} %`);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Readline would not pass on that the stream has failed. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

/** The registry has spoken, and asking again would change nothing. */
const NOT_THERE =
  /not found|manifest unknown|does not exist|access denied|denied:|unauthorized|no matching manifest|invalid reference|name unknown/i;

function notPulled(reference: string, cause: unknown): unknown {
  if (cause instanceof PlatformError) return cause;
  const words = wordsOf(cause);
  const status = refusal(cause);
  const isAnswer = status === 404 || status === 400 || status === 401 || status === 403 || NOT_THERE.test(words);
  const code = isAnswer ? 'invalid_input' : 'unavailable';
  return new PlatformError(code, `The image ${reference} could not be pulled: ${words}`, { cause });
}
