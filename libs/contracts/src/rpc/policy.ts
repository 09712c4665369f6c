// What the scheduler answers about its policy: the present one, earlier ones, what another would change, and the change.
import { Type, type Static } from 'typebox';
import { PolicyDocument } from '../policy-document.ts';
import { Id, Timestamp, strict } from '../schema.ts';
import { Changed, PageQuery, page } from './common.ts';
import { rpc } from './rpc.ts';

/** 0: the default, which nobody has changed. */
const VersionNumber = Type.Integer({ minimum: 0 });
const Comment = Type.String({ maxLength: 512 });

export const PolicyVersion = strict({
  version: VersionNumber,
  /** Null for version 0. */
  at: Type.Union([Timestamp, Type.Null()]),
  /** Id of the user who made it. */
  by: Type.Union([Type.String(), Type.Null()]),
  comment: Type.Union([Comment, Type.Null()]),
});
export type PolicyVersion = Static<typeof PolicyVersion>;

export const PolicyView = strict({
  id: Id,
  /** The version's number, as the ETag has it. */
  revision: VersionNumber,
  ...PolicyVersion.properties,
  /** With all members, durations as text and ids in place of names: it can be applied as it is. */
  policy: PolicyDocument,
});
export type PolicyView = Static<typeof PolicyView>;

/** One value of the policy that is another one afterwards; null: not there. */
export const PolicyChange = strict({ what: Type.String(), before: Type.Unknown(), after: Type.Unknown() });
export type PolicyChange = Static<typeof PolicyChange>;

const Warnings = Type.Array(strict({ pointer: Type.String(), detail: Type.String() }));
export const PolicyCheck = strict({
  /** The version that it was compared with. */
  version: VersionNumber,
  policy: PolicyDocument,
  changes: Type.Array(PolicyChange),
  warnings: Warnings,
  /** Queued and running jobs that the scheduler would do something else with, just now. */
  treatedDifferently: Type.Array(strict({ jobId: Id, now: Type.String(), instead: Type.String() })),
});
export type PolicyCheck = Static<typeof PolicyCheck>;

export const PolicyApplied = strict({
  ...Changed.properties,
  revision: VersionNumber,
  version: VersionNumber,
  /** False: it was in force already. */
  changed: Type.Boolean(),
  warnings: Warnings,
});
export type PolicyApplied = Static<typeof PolicyApplied>;
export const CheckPolicy = strict({ policy: PolicyDocument });
export const ApplyPolicy = strict({ policy: PolicyDocument, comment: Type.Optional(Comment) });

export const policyRpc = {
  get: rpc('rpc.scheduler.get-policy', strict({ version: Type.Optional(VersionNumber) }), PolicyView),
  versions: rpc(
    'rpc.scheduler.policy-versions',
    strict({ limit: PageQuery.limit, cursor: PageQuery.cursor }),
    page(PolicyVersion),
  ),
  /** Changes nothing. */
  check: rpc('rpc.scheduler.check-policy', CheckPolicy, PolicyCheck),
  apply: rpc('rpc.scheduler.apply-policy', ApplyPolicy, PolicyApplied),
} as const;
