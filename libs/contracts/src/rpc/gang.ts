// Jobs on several nodes: one node's part of an attempt, as people see it and as its agent is told of it.
import { Type, type Static } from 'typebox';
import { AttemptResult, RankPlace, Rendezvous } from '../events/job.ts';
import { Id, strict, Timestamp } from '../schema.ts';

/** One node's part of an attempt on several nodes. */
export const RankView = strict({
  rank: Type.Integer({ minimum: 0 }),
  nodeId: Id,
  nodeName: Type.String(),
  devices: Type.Array(Type.String()),
  /** When all was in place, and its process waited for the other ranks. */
  stagedAt: Type.Optional(Timestamp),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endedAt: Type.Union([Timestamp, Type.Null()]),
  result: Type.Union([AttemptResult, Type.Null()]),
});
export type RankView = Static<typeof RankView>;

/** Of a job on several nodes: this node's place among them. Without `rendezvous` its process waits, with all it needs. */
export const GangPlace = strict({
  rank: Type.Integer({ minimum: 0 }),
  /** In the order of ranks. */
  nodes: Type.Array(strict({ name: RankPlace.properties.name, address: RankPlace.properties.address }), {
    minItems: 2,
  }),
  rendezvous: Type.Union([Rendezvous, Type.Null()]),
});
export type GangPlace = Static<typeof GangPlace>;
