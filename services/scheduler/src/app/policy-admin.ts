// The policy as people see it, try others out against it, and change it.
import {
  DEFAULT_POLICY,
  POLICY_ID,
  type Issue,
  type Policy,
  type PolicyApplied,
  type PolicyCheck,
  type PolicyDocument,
  type PolicyEvent,
  type PolicyVersion,
  type PolicyView,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { RecordedCommit } from '@baton/event-store';
import { refuseContradictions } from '../domain/policy.commands.ts';
import { policyWarnings } from '../domain/policy-warnings.ts';
import type { Treatment } from '../domain/schedule/treatments.ts';
import type { Directory } from './directory.ts';
import { keysetPage, type ListPage } from './keyset-page.ts';
import { normalisePolicy } from './normalise-policy.ts';
import type { Policies, PolicyRequest } from './policies.ts';
import { policyChanges } from './policy-changes.ts';
import { policyDocument } from './policy-text.ts';
import type { Caller } from './ports.ts';
import { requireAdmin } from './require-admin.ts';

/** Tries a policy out on the queue as it stands. */
export interface PolicyTrial {
  treatedDifferently(policy: Policy): Treatment[];
}

export interface PolicyAdminPorts {
  readonly policies: Policies;
  readonly directory: Directory;
  readonly trial: PolicyTrial;
  /** How many GPUs the nodes have. */
  readonly gpus: () => number;
}

export class PolicyAdmin {
  readonly #ports: PolicyAdminPorts;

  constructor(ports: PolicyAdminPorts) {
    this.#ports = ports;
  }

  /** The one in force, as every instance of the scheduler will have it in a moment, or then; or an earlier one. */
  async get({ meta: { at } }: Caller, wanted?: number): Promise<PolicyView> {
    const history = await this.#ports.policies.history(at);
    const version = wanted ?? history.length;
    if (version > history.length)
      throw new PlatformError('not_found', `There is no version ${version}; the newest is ${history.length}.`);
    const commit = history[version - 1];
    const { policy } = commit === undefined ? { policy: DEFAULT_POLICY } : changeIn(commit);
    return { id: POLICY_ID, revision: version, ...versionOf(commit), policy: policyDocument(policy) };
  }

  /** Newest first, down to the default. */
  async versions(
    { meta: { at } }: Caller,
    query: { readonly limit?: number; readonly cursor?: string },
  ): Promise<ListPage<PolicyVersion>> {
    const history = await this.#ports.policies.history(at);
    return keysetPage([undefined, ...history].map(versionOf), newestFirst, query);
  }

  async check(caller: Caller, document: PolicyDocument): Promise<PolicyCheck> {
    requireAdmin(caller);
    const { policies, trial } = this.#ports;
    const policy = await this.#normalised(caller, document);
    const { policy: present, version } = policies.current();
    return {
      version,
      policy: policyDocument(policy),
      changes: policyChanges(present, policy),
      warnings: this.#warnings(policy),
      treatedDifferently: trial.treatedDifferently(policy),
    };
  }

  async apply(request: PolicyRequest, document: PolicyDocument, comment?: string): Promise<PolicyApplied> {
    requireAdmin(request.caller);
    const policy = await this.#normalised(request.caller, document);
    const command = { type: 'Change', policy, ...(comment === undefined ? {} : { comment }) } as const;
    const { revision, events } = await this.#ports.policies.change(command, request);
    return { id: POLICY_ID, revision, version: revision, changed: events.length > 0, warnings: this.#warnings(policy) };
  }

  async #normalised(caller: Caller, document: PolicyDocument): Promise<Policy> {
    const policy = await normalisePolicy(document, caller, this.#ports.directory);
    refuseContradictions(policy);
    return policy;
  }

  #warnings(policy: Policy): Issue[] {
    return policyWarnings(policy, this.#ports.gpus());
  }
}

function changeIn(commit: RecordedCommit) {
  const [event] = commit.events as PolicyEvent[];
  if (event === undefined) throw new Error(`commit ${commit.position} is empty`);
  return event.data;
}

/** Undefined: the default. */
function versionOf(commit: RecordedCommit | undefined): PolicyVersion {
  if (commit === undefined) return { version: 0, at: null, by: null, comment: null };
  const { revision: version, at, actor: by } = commit;
  return { version, at, by, comment: changeIn(commit).comment ?? null };
}

function newestFirst({ version }: PolicyVersion): string {
  return String(Number.MAX_SAFE_INTEGER - version);
}
