// Who is asking, and who may see or change what. One rule for datasets, models, jobs and endpoints.
import { Type, type Static } from 'typebox';
import { AttemptNumber, Id, strict } from './schema.ts';

export const Role = Type.Union([Type.Literal('admin'), Type.Literal('user')]);
export type Role = Static<typeof Role>;

export const Visibility = Type.Union([Type.Literal('private'), Type.Literal('group'), Type.Literal('everyone')]);
export type Visibility = Static<typeof Visibility>;

/** The authenticated caller, as the user service established it. `system` is the platform itself. */
export const Principal = strict({
  kind: Type.Union([Type.Literal('user'), Type.Literal('job'), Type.Literal('system')]),
  userId: Type.String(),
  role: Role,
  groups: Type.Array(Id),
  credentialId: Type.String(),
  /** For `job`: the only job that its token may touch. */
  jobId: Type.Optional(Id),
  /** For `job`: the attempt that the token was made for; absent in those of earlier releases. */
  attempt: Type.Optional(AttemptNumber),
});
export type Principal = Static<typeof Principal>;

/** The members that every owned thing carries. */
export const Ownership = {
  ownerId: Id,
  groupId: Type.Union([Id, Type.Null()]),
  visibility: Visibility,
};
export interface Owned {
  readonly ownerId: string;
  readonly groupId: string | null;
  readonly visibility: Visibility;
}

/** May see it: the owner, an admin, members of its group unless private, everyone if it is for everyone. */
export function canRead(principal: Principal, thing: Owned): boolean {
  if (principal.kind === 'system' || principal.role === 'admin' || principal.userId === thing.ownerId) return true;
  if (thing.visibility === 'everyone') return true;
  return thing.visibility === 'group' && thing.groupId !== null && principal.groups.includes(thing.groupId);
}

/** May change it: the owner or an admin; a job's token changes nothing. */
export function canWrite(principal: Principal, thing: Owned): boolean {
  if (principal.kind === 'job') return false;
  return principal.kind === 'system' || principal.role === 'admin' || principal.userId === thing.ownerId;
}

/** The platform acting by itself, for reactions of one service to another's events. */
export function systemPrincipal(service: string): Principal {
  return { kind: 'system', userId: `system:${service}`, role: 'admin', groups: [], credentialId: `system:${service}` };
}

/** Of how it was in the past: who could read it then, by what they are today, and may still read what has become of it. */
export function couldAndCanRead(principal: Principal, then: Owned, today: Owned | undefined): boolean {
  return canRead(principal, then) && (today === undefined || canRead(principal, today));
}
