// Starts the registration of the weights of finished jobs: its ports, bound to the platform.
import { readManifest, storeManifest, WeightsRecogniser } from '@baton/archive';
import type { BlobStore } from '@baton/blob-store';
import type { ThingQueries } from '@baton/catalogue';
import { type ModelVersionView, systemPrincipal } from '@baton/contracts';
import { type CommandContext, commandContext, deriveId } from '@baton/event-store';
import type { Platform, ProjectionHandle } from '@baton/service-host';
import type { ModelCommands } from '../app/models.ts';
import { type RegistrationPorts, WeightsRegistration } from '../app/weights-registration.ts';
import type { Registration } from '../domain/job-run.ts';
import type { ModelDocument } from '../projections/models.ts';
import type { RegisteredJob } from '../projections/registered-jobs.ts';
import { openFollowerPosition } from './follower-position.ts';
import { JobFollower } from './job-follower.ts';
import { userRoles } from './user-roles.ts';

export interface RegistrationParts {
  readonly platform: Platform;
  readonly commands: ModelCommands;
  readonly queries: ThingQueries<ModelVersionView>;
  readonly blobs: BlobStore;
  readonly views: ProjectionHandle<ModelDocument>;
  readonly registered: ProjectionHandle<RegisteredJob>;
}

/** Runs beside the service, from when its read models are whole until it stops. */
export function startRegistration(parts: RegistrationParts): void {
  const { platform } = parts;
  const running = follow(parts).catch((error: unknown) => {
    if (!platform.signal.aborted) platform.report(error, 'registration of weights');
  });
  platform.onClose(() => running);
}

async function follow({ platform, views, registered, ...parts }: RegistrationParts): Promise<void> {
  const { jobs, readStore, log, signal } = platform;
  if (jobs === null) throw new Error('the model service needs the stream of jobs');
  await Promise.all([views.caughtUp, registered.caughtUp]);
  const position = await openFollowerPosition({ readStore, jobs, registered });
  const registration = new WeightsRegistration(portsOf(platform, parts));
  await new JobFollower({ jobs, registration, position, log, signal }).run();
}

type Doers = Pick<RegistrationParts, 'commands' | 'queries' | 'blobs'>;

function portsOf({ events, secret }: Platform, { commands, queries, blobs }: Doers): RegistrationPorts {
  const recogniser = new WeightsRecogniser(blobs);
  return {
    commands,
    idOfName: async (name) => (await queries.lookUp(name))?.id ?? null,
    readManifest: (digest) => readManifest(blobs, digest),
    recognise: async ({ files }) => new Set((await recogniser.among(files)).keys()),
    storeManifest: async ({ files }) => (await storeManifest(blobs, files)).summary,
    roleOf: userRoles(events),
    newIdFor: (jobId) => deriveId('model', secret, 'weights', jobId),
    contextFor: (step, registration, causationId) => ({ ...contextOf(secret, step, registration), causationId }),
  };
}

function contextOf(
  secret: string,
  step: 'create' | 'add',
  { jobId, attempt, model, artifactsDigest }: Registration,
): CommandContext {
  return commandContext({
    principal: systemPrincipal('model'),
    meta: { requestId: jobId, idempotencyKey: `weights of ${jobId}, attempt ${attempt}: ${step}` },
    subject: 'register-weights',
    body: { model, artifactsDigest },
    secret,
  });
}
