// Registers the weights that a successful job leaves behind: creates the model if the name is free, and adds a version.
import type { Manifest, ManifestSummary, Principal } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import type { CommandContext } from '@baton/event-store';
import type { Registration } from '../domain/job-run.ts';
import type { ModelCommand } from '../domain/model.commands.ts';
import { weightsAmong } from '../domain/version-kind.ts';
import type { ModelCommands } from './models.ts';

export interface RegistrationPorts {
  readonly commands: Pick<ModelCommands, 'createAs' | 'runAs'>;
  /** The id of the model of that name; null if the name is free. */
  readonly idOfName: (name: string) => Promise<string | null>;
  readonly readManifest: (digest: string) => Promise<Manifest>;
  /** The paths of the files whose content is that of weights. */
  readonly recognise: (manifest: Manifest) => Promise<ReadonlySet<string>>;
  readonly storeManifest: (manifest: Manifest) => Promise<ManifestSummary>;
  /** What the user may do now: an admin may register under other people's models as well. */
  readonly roleOf: (userId: string) => Promise<Principal['role']>;
  /** The id of the model that this job creates, always the same one. */
  readonly newIdFor: (jobId: string) => string;
  /** The same job and attempt always give the same command ids: what was done is answered from the log, not done again. */
  readonly contextFor: (step: 'create' | 'add', registration: Registration, causationId: string) => CommandContext;
}

export type RegistrationOutcome =
  | { readonly kind: 'registered'; readonly modelId: string }
  | { readonly kind: 'skipped'; readonly reason: 'no-weights' | 'may-not-change-model' };

export class WeightsRegistration {
  readonly #ports: RegistrationPorts;

  constructor(ports: RegistrationPorts) {
    this.#ports = ports;
  }

  async register(registration: Registration, causationId: string): Promise<RegistrationOutcome> {
    const artifacts = await this.#ports.readManifest(registration.artifactsDigest);
    const weights = weightsAmong(artifacts, await this.#ports.recognise(artifacts));
    if (weights.files.length === 0) return { kind: 'skipped', reason: 'no-weights' };
    const manifest = await this.#ports.storeManifest(weights);
    const principal = await this.#ownerOf(registration);
    const modelId = await this.#modelFor(registration, principal, causationId);
    return this.#add(modelId, { registration, principal, manifest, causationId });
  }

  /** The job's owner decides what may be changed; the log says that the platform did it. */
  async #ownerOf({ ownership }: Registration): Promise<Principal> {
    const { ownerId, groupId } = ownership;
    const role = await this.#ports.roleOf(ownerId);
    return {
      kind: 'user',
      userId: ownerId,
      role,
      groups: groupId === null ? [] : [groupId],
      credentialId: 'system:model',
    };
  }

  async #modelFor(registration: Registration, principal: Principal, causationId: string): Promise<string> {
    const { model: name, ownership } = registration;
    const existing = await this.#ports.idOfName(name);
    if (existing !== null) return existing;
    const id = this.#ports.newIdFor(registration.jobId);
    const { groupId, visibility } = ownership;
    const wanted = { name, visibility, ...(groupId === null ? {} : { groupId }) };
    const command: ModelCommand = { type: 'CreateModel', principal, wanted };
    await this.#ports.commands.createAs(id, this.#ports.contextFor('create', registration, causationId), name, command);
    return id;
  }

  async #add(modelId: string, work: AddWork): Promise<RegistrationOutcome> {
    const { registration, principal, manifest, causationId } = work;
    const context = this.#ports.contextFor('add', registration, causationId);
    try {
      await this.#ports.commands.runAs(modelId, context, {
        type: 'RegisterWeights',
        principal,
        manifest,
        lineage: registration.lineage,
      });
      return { kind: 'registered', modelId };
    } catch (error) {
      if (!hasCode(error, 'not_found') && !hasCode(error, 'forbidden')) throw error;
      return { kind: 'skipped', reason: 'may-not-change-model' };
    }
  }
}

interface AddWork {
  readonly registration: Registration;
  readonly principal: Principal;
  readonly manifest: ManifestSummary;
  readonly causationId: string;
}
