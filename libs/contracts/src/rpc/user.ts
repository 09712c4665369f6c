// What the user service answers: accounts, tokens, groups, secrets.
import { Type, type Static } from 'typebox';
import { Principal, Role } from '../access.ts';
import { MemberRole, TokenKind } from '../events/user.ts';
import { Id, Name, Ref, Timestamp, strict } from '../schema.ts';
import { ById, Changed, Empty, PageQuery, Stamped, page } from './common.ts';
import { rpc } from './rpc.ts';

export const Email = Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$', maxLength: 254 });
/** A user: an id, an e-mail address, or `me`. */
export const UserRef = Type.String({ minLength: 1, maxLength: 254, description: 'an id, an e-mail address, or `me`' });
const Password = Type.String({ minLength: 8, maxLength: 1_024 });
const DisplayName = Type.String({ minLength: 1, maxLength: 128 });
const Secret = Type.String();
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const UserView = strict({
  ...Stamped,
  email: Type.String(),
  name: Type.String(),
  role: Role,
  disabled: Type.Boolean(),
  /** The person is forgotten: name and address are stand-ins, the same for ever, and nobody logs in. */
  erased: Type.Boolean(),
});
export type UserView = Static<typeof UserView>;
export const TokenView = strict({
  ...Stamped,
  userId: Id,
  kind: TokenKind,
  label: Type.String(),
  expiresAt: Nullable(Timestamp),
  revoked: Type.Boolean(),
});
export type TokenView = Static<typeof TokenView>;
export const GroupView = strict({
  ...Stamped,
  name: Name,
  members: Type.Array(strict({ userId: Id, role: MemberRole })),
});
export type GroupView = Static<typeof GroupView>;
/** What a reference to a group is pinned to. */
export const ResolvedGroup = strict({ groupId: Id, groupName: Name });
export const SecretName = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' });
export const SecretView = strict({ ...Stamped, name: SecretName });
export type SecretView = Static<typeof SecretView>;

export const SignUp = strict({ token: Type.String(), email: Email, name: DisplayName, password: Password });
export const LogIn = strict({ email: Email, password: Type.String({ maxLength: 1_024 }) });
export const LoggedIn = strict({ token: Secret, expiresAt: Nullable(Timestamp), user: UserView });
export const CreateInvite = strict({
  role: Type.Optional(Role),
  expiresInHours: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
});
export const Invited = strict({ id: Id, token: Secret, expiresAt: Timestamp });
export const CreateToken = strict({
  label: Type.String({ minLength: 1, maxLength: 128 }),
  expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
});
/** The only time that the token is shown. */
export const TokenCreated = strict({ id: Id, revision: Type.Integer(), token: Secret, expiresAt: Nullable(Timestamp) });
export const SetSecret = strict({ name: SecretName, value: Type.String({ maxLength: 65_536 }) });

export const userRpc = {
  signUp: rpc('rpc.user.sign-up', SignUp, UserView),
  logIn: rpc('rpc.user.log-in', LogIn, LoggedIn),
  logOut: rpc('rpc.user.log-out', Empty, Empty),
  /** Turns a token into a principal; `unauthenticated` if it is unknown, expired or revoked. Called by gateway and serving. */
  authenticate: rpc('rpc.user.authenticate', strict({ token: Type.String({ maxLength: 512 }) }), Principal),
  /** `id` = `me` is the caller. */
  getUser: rpc('rpc.user.get', ById, UserView),
  listUsers: rpc('rpc.user.list', strict(PageQuery), page(UserView)),
  disableUser: rpc('rpc.user.disable', ById, Changed),
  /** Forgets a person for good (admin). Repeated, it finishes what was cut short. */
  eraseUser: rpc('rpc.user.erase', ById, Changed),
  createInvite: rpc('rpc.user.create-invite', CreateInvite, Invited),
  createToken: rpc('rpc.user.create-token', CreateToken, TokenCreated),
  listTokens: rpc('rpc.user.list-tokens', strict(PageQuery), page(TokenView)),
  revokeToken: rpc('rpc.user.revoke-token', ById, Changed),
  createGroup: rpc('rpc.user.create-group', strict({ name: Name }), Changed),
  getGroup: rpc('rpc.user.get-group', ById, GroupView),
  listGroups: rpc('rpc.user.list-groups', strict(PageQuery), page(GroupView)),
  /** A group that the caller may give something to: one of their own, for admins any. Others are `not_found`, as if there were none. */
  resolveGroup: rpc('rpc.user.resolve-group', strict({ ref: Ref }), ResolvedGroup),
  addMember: rpc('rpc.user.add-member', strict({ id: Ref, userId: UserRef, role: Type.Optional(MemberRole) }), Changed),
  removeMember: rpc('rpc.user.remove-member', strict({ id: Ref, userId: UserRef }), Changed),
  setSecret: rpc('rpc.user.set-secret', SetSecret, Changed),
  listSecrets: rpc('rpc.user.list-secrets', strict(PageQuery), page(SecretView)),
  deleteSecret: rpc('rpc.user.delete-secret', strict({ name: SecretName }), Changed),
  /** System only: the values of one user's secrets, by name; `not_found` names the missing ones. */
  resolveSecrets: rpc(
    'rpc.user.resolve-secrets',
    strict({ ownerId: Id, names: Type.Array(SecretName) }),
    strict({ values: Type.Record(Type.String(), Type.String()) }),
  ),
  /** System only: which of these secret names the user lacks. */
  missingSecrets: rpc(
    'rpc.user.missing-secrets',
    strict({ ownerId: Id, names: Type.Array(SecretName) }),
    strict({ missing: Type.Array(SecretName) }),
  ),
  /** System only: a token that may touch one job, for the job itself. */
  issueJobToken: rpc(
    'rpc.user.issue-job-token',
    strict({ ownerId: Id, jobId: Id, attempt: Type.Integer({ minimum: 1 }) }),
    strict({ token: Secret }),
  ),
} as const;
