// Events of users, groups, tokens, secrets and name reservations. Personal fields are ciphertext under the user's own key.
import { Type, type Static } from 'typebox';
import { Role } from '../access.ts';
import { AttemptNumber, Id, Name, strict, Timestamp } from '../schema.ts';

/** base64url of AES-256-GCM (iv, ciphertext, tag) under the user's data key. */
const Encrypted = Type.String();
export const MemberRole = Type.Union([Type.Literal('owner'), Type.Literal('member')]);
export type MemberRole = Static<typeof MemberRole>;

export const userEvents = {
  UserRegistered: strict({ email: Encrypted, name: Encrypted, passwordHash: Type.String(), role: Role }),
  PasswordChanged: strict({ passwordHash: Type.String() }),
  UserDisabled: strict({ by: Type.String() }),
  /** From here on the person's key is thrown away: what was encrypted under it stays in the log, and nobody can read it. */
  UserErased: strict({ by: Type.String() }),
};
export const inviteEvents = {
  InviteIssued: strict({ secretHash: Type.String(), role: Role, expiresAt: Timestamp }),
  InviteUsed: strict({ userId: Id }),
};
export const groupEvents = {
  GroupCreated: strict({ name: Name, createdBy: Id }),
  MemberAdded: strict({ userId: Id, role: MemberRole }),
  MemberRemoved: strict({ userId: Id }),
};
export const TokenKind = Type.Union([Type.Literal('session'), Type.Literal('api'), Type.Literal('job')]);
export type TokenKind = Static<typeof TokenKind>;
export const tokenEvents = {
  TokenIssued: strict({
    userId: Id,
    kind: TokenKind,
    label: Type.String({ maxLength: 128 }),
    secretHash: Type.String(),
    expiresAt: Type.Union([Timestamp, Type.Null()]),
    jobId: Type.Optional(Id),
    /** With `jobId`; tokens of earlier releases have none. */
    attempt: Type.Optional(AttemptNumber),
  }),
  TokenRevoked: strict({ by: Type.String() }),
};
/** The value is kept in the vault beside the log; `valueVersion` names which. */
export const secretEvents = {
  SecretSet: strict({ ownerId: Id, name: Type.String(), valueVersion: Type.Integer({ minimum: 1 }) }),
  SecretDeleted: strict({}),
};
export const NameKind = Type.Union([
  Type.Literal('email'),
  Type.Literal('group'),
  Type.Literal('dataset'),
  Type.Literal('model'),
  Type.Literal('endpoint'),
  Type.Literal('first-admin'),
]);
export type NameKind = Static<typeof NameKind>;
/** A reservation aggregate: its id is derived from kind and name; e-mail addresses are never stored in it. */
export const nameEvents = {
  NameReserved: strict({ kind: NameKind, holderId: Id }),
  NameReleased: strict({}),
};
