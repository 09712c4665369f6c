// The envelope of one commit: what one message of the event log holds. It is stored for ever, so it only grows.
import { Type, type Static } from 'typebox';
import { Timestamp, strict } from './schema.ts';

export const ENVELOPE_VERSION = 1;

export const StoredEvent = strict({ type: Type.String(), v: Type.Integer({ minimum: 1 }), data: Type.Unknown() });
export type StoredEvent = Static<typeof StoredEvent>;

export const Commit = strict({
  envelopeV: Type.Integer({ minimum: 1 }),
  commitId: Type.String(),
  /** The command that made it: repeats of the command are answered from this commit. */
  commandId: Type.String(),
  /** SHA-256 of the command's canonical body: the same id with another body is refused. */
  requestHash: Type.String(),
  /** User id, or `system:<service>`. */
  actor: Type.String(),
  credentialId: Type.String(),
  /** The scheduler leader's term, a fencing token; only in the JOBS stream. */
  term: Type.Optional(Type.Integer({ minimum: 1 })),
  correlationId: Type.String(),
  causationId: Type.String(),
  /** Ordinal of this commit in its aggregate: 1, 2, 3 ... */
  revision: Type.Integer({ minimum: 1 }),
  /** SHA-256 over the stored bytes of the aggregate's previous commit; empty for the first. */
  prevHash: Type.String(),
  at: Timestamp,
  events: Type.Array(StoredEvent, { minItems: 1 }),
});
export type Commit = Static<typeof Commit>;
