// What stands before a start: inputs in place, secrets fetched, and a process that waits.
import type { DesiredAttempt } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import { jobEnvironment } from '../domain/job-environment.ts';
import type { AttemptKey, ProcessIdentity } from '../domain/journal.ts';
import type { FreePort, Runtime, SchedulerLink, SecretValues, Workspaces } from './ports.ts';

const SECRETS_RETRY_MS = 1_000;
/** What the secrets, and the token that goes with them, may have to wait for. */
const PASSING = ['unavailable', 'outcome_unknown', 'storage_full'] as const;

export interface PreparationParts {
  readonly runtime: Runtime;
  readonly workspaces: Workspaces;
  readonly link: SchedulerLink;
  readonly freePort: FreePort;
  readonly settings: {
    readonly apiUrl: string;
    /** The PATH that jobs get, and what stands before it. */
    readonly basePath: string;
    readonly pathFirst: readonly string[];
    readonly pythonPath: string;
  };
}

interface Manner {
  readonly signal: AbortSignal;
  /** The command runs at once, and waits for its devices itself. */
  readonly early: boolean;
  /** Told what is being fetched or built, for people. */
  readonly onProgress?: (text: string) => void;
}

/** Rejects with the reason when the attempt can't be started, or was called off. */
export async function arm(parts: PreparationParts, spec: DesiredAttempt, manner: Manner): Promise<ProcessIdentity> {
  const { runtime, workspaces, link, settings } = parts;
  const { signal, early, onProgress = () => {} } = manner;
  const key = { jobId: spec.jobId, attempt: spec.attempt };
  await runtime.prepare(spec, { signal, onProgress });
  const [prepared, secrets] = await Promise.all([
    workspaces.prepare(spec, { signal, onProgress }),
    secretsOf(link, key, signal),
  ]);
  await workspaces.keepSecrets(key, [...Object.values(secrets.values), secrets.token]);
  signal.throwIfAborted();
  const env = jobEnvironment({
    spec,
    folders: prepared.folders,
    apiUrl: settings.apiUrl,
    token: secrets.token,
    secrets: secrets.values,
    pathFirst: [...prepared.pathFirst, ...settings.pathFirst],
    // An image has its own.
    basePath: spec.environment.image === undefined ? settings.basePath : null,
    virtualEnvironment: prepared.virtualEnvironment,
    pythonPath: settings.pythonPath,
  });
  const { command, environment, cpus, memoryBytes } = spec;
  const devices = [...spec.devices, ...(spec.behind?.pool ?? [])].map((device) => device.id);
  const limits = { cpus, memoryBytes };
  const manners = { early, isBehind: spec.behind !== null, isLeased: spec.onNodeLoss === 'requeue' };
  return runtime.arm({ key, command, env, ...manners, environment, devices, limits });
}

/** All ranks of a job on several nodes meet at a port of the first one's. */
export async function meetingPort(
  { freePort }: Pick<PreparationParts, 'freePort'>,
  { gang }: DesiredAttempt,
): Promise<{ readonly port?: number }> {
  return gang?.rank === 0 ? { port: await freePort() } : {};
}

/** Asked for until the scheduler answers: the attempt is assigned to this node, so it will. */
async function secretsOf(link: SchedulerLink, key: AttemptKey, signal: AbortSignal): Promise<SecretValues> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await link.secrets(key);
    } catch (error) {
      if (!PASSING.some((code) => hasCode(error, code))) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, SECRETS_RETRY_MS));
  }
}
