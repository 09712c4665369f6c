// Pieces that many operations share.
import { Type, type TSchema } from 'typebox';
import { Id, Ref, Timestamp, strict } from '../schema.ts';

export const Empty = strict({});
/** What a command answers: the thing and its new revision. */
export const Changed = strict({ id: Id, revision: Type.Integer({ minimum: 1 }) });
export const ById = strict({ id: Ref });

/** Keyset paging: `sort` is a field, descending when it starts with `-`; `cursor` is opaque. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  cursor: Type.Optional(Type.String({ maxLength: 1_024 })),
  sort: Type.Optional(Type.String({ pattern: '^-?[A-Za-z]{1,32}$' })),
};
export function page<T extends TSchema>(item: T) {
  return strict({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
}
/** The members that every read model carries. */
export const Stamped = {
  id: Id,
  revision: Type.Integer({ minimum: 1 }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
};
