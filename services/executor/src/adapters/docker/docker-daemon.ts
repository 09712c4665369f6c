// The docker daemon as others here ask it: one that is down is waited for, with a reason for people, and not for ever.
import { PlatformError } from '@baton/errors';
import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';

const CALL_MS = 60_000;
const RETRY_MS = 500;
/** What a connection says that leads nowhere, or that has just broken. */
const DOWN = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ESOCKETTIMEDOUT']);

export interface Patience {
  readonly signal?: AbortSignal;
  /** Told why it takes so long; for people. */
  readonly onProgress?: (text: string) => void;
  /** How long a daemon that is down is waited for. */
  readonly waitMs?: number;
}

export class DockerDaemon {
  readonly #docker: Docker;
  /** Without a limit on silence: a large layer takes its time to unpack. */
  readonly patient: Docker;
  readonly #waitMs: number;

  private constructor(docker: Docker, patient: Docker, waitMs: number) {
    this.#docker = docker;
    this.patient = patient;
    this.#waitMs = waitMs;
  }

  /** Loads the client library; the daemon need not be there yet. */
  static async at(socketPath: string, waitMs: number): Promise<DockerDaemon> {
    const { default: Client } = await import('dockerode');
    return new DockerDaemon(new Client({ socketPath, timeout: CALL_MS }), new Client({ socketPath }), waitMs);
  }

  /** `unavailable` when the daemon has not come back in time. What it refuses is thrown as it came. */
  async ask<T>(question: (docker: Docker) => Promise<T>, patience: Patience = {}): Promise<T> {
    const { signal, onProgress = () => {}, waitMs = this.#waitMs } = patience;
    const deadline = performance.now() + waitMs;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await question(this.#docker);
      } catch (error) {
        if (!isDown(error)) throw error;
        if (performance.now() >= deadline) throw down(error);
        onProgress(`waiting for docker, which does not answer: ${wordsOf(error)}`);
      }
      await sleep(RETRY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

export function isDown(error: unknown): boolean {
  const { code = '', statusCode } = (error ?? {}) as { readonly code?: string; readonly statusCode?: number };
  // 503: it starts or stops just now.
  return statusCode === 503 || (statusCode === undefined && DOWN.has(code));
}

function down(cause: unknown): PlatformError {
  const message = `Docker does not answer on this node (${wordsOf(cause)}).`;
  return new PlatformError('unavailable', message, { cause });
}

/** The HTTP status of a refusal; null if it is none. */
export function refusal(error: unknown): number | null {
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** What the daemon said, without what the client puts around it. */
export function wordsOf(error: unknown): string {
  const { json, message } = (error ?? {}) as {
    readonly json?: { readonly message?: unknown };
    readonly message?: unknown;
  };
  if (typeof json?.message === 'string') return json.message.trim();
  return typeof message === 'string' ? message.trim() : String(error);
}
