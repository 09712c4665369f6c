// The schema vocabulary shared by events, RPC and REST: strict objects, ids, names, and checking with JSON pointers.
import { Type, type Static, type TSchema, type TProperties, type TObject } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/** An object that refuses unknown members. */
export function strict<P extends TProperties>(properties: P): TObject<P> {
  return Type.Object(properties, { additionalProperties: false });
}

/** Prefix of every kind of id; an id is `<prefix>_<26 lower-case base32 characters>`. */
export const ID_PREFIX = {
  user: 'usr',
  group: 'grp',
  token: 'tok',
  invite: 'inv',
  secret: 'sec',
  dataset: 'dst',
  model: 'mdl',
  job: 'job',
  node: 'nod',
  endpoint: 'end',
  name: 'nam',
  policy: 'pol',
  calendar: 'cal',
  booking: 'bkg',
  retention: 'ret',
} as const;
export type IdKind = keyof typeof ID_PREFIX;
/** Bookings live in the calendar of their node, which alone can tell whether two of them overlap. */
export type AggregateName = Exclude<IdKind, 'booking'>;

export const ID_PATTERN = '^[a-z]{3}_[a-z0-9]{26}$';
export const Id = Type.String({ pattern: ID_PATTERN, description: 'identifier' });
/** Names of datasets, models, endpoints, groups, nodes. */
export const Name = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
  description: 'letters, digits, dot, underscore, hyphen; at most 63; starts with a letter or digit',
});
/** Of a job's attempts; the first is 1. */
export const AttemptNumber = Type.Integer({ minimum: 1 });
/** An id or a name; services accept either wherever one thing is meant. */
export const Ref = Type.String({ minLength: 1, maxLength: 128 });
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' });
/** Milliseconds since the Unix epoch, UTC. */
export const Timestamp = Type.Integer({ minimum: 0 });
/** Of a read: how all was then. A time in milliseconds since the Unix epoch, or behind so many commits of the stream that it is made from. */
export const PastMoment = Type.String({
  pattern: '^(position:)?\\d{1,15}$',
  description: 'a time in the past, in milliseconds since 1970; or `position:N`, behind commit N of the log',
});
export const Bytes = Type.Integer({ minimum: 0 });
export const Version = Type.Integer({ minimum: 1 });
export const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 32, uniqueItems: true });
export const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' }),
  Type.String({ maxLength: 256 }),
);

export interface Issue {
  /** JSON pointer (RFC 6901) to the offending member. */
  readonly pointer: string;
  readonly detail: string;
}

const compiled = new WeakMap<TSchema, Validator>();

function validator(schema: TSchema): Validator {
  const known = compiled.get(schema);
  if (known) return known;
  const made = Compile(schema);
  compiled.set(schema, made);
  return made;
}

/** Whether `value` fits `schema`. Schemas are compiled once. */
export function fits<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return validator(schema).Check(value);
}

/** Every place where `value` does not fit `schema`; an unknown member is named by its own pointer. */
export function issuesOf(schema: TSchema, value: unknown): Issue[] {
  const found: Issue[] = [];
  for (const error of validator(schema).Errors(value)) {
    if (error.keyword === 'additionalProperties') {
      for (const member of error.params.additionalProperties) {
        found.push({ pointer: `${error.instancePath}/${escapePointer(member)}`, detail: 'is not a known field' });
      }
    } else if (error.keyword === 'required') {
      for (const member of error.params.requiredProperties) {
        found.push({ pointer: `${error.instancePath}/${escapePointer(member)}`, detail: 'is required' });
      }
    } else if (error.keyword !== 'boolean') {
      found.push({ pointer: error.instancePath, detail: error.message });
    }
  }
  return found;
}

function escapePointer(member: string): string {
  return member.replaceAll('~', '~0').replaceAll('/', '~1');
}
