// What the serving service answers about endpoints; inference itself is HTTP (Open Inference Protocol v2).
import { Type, type Static } from 'typebox';
import { Ownership, Visibility } from '../access.ts';
import { EndpointTarget } from '../events/endpoint.ts';
import { Id, Name, Ref, strict } from '../schema.ts';
import { ById, Changed, PageQuery, Stamped, page } from './common.ts';
import { VersionRef } from './data.ts';
import { rpc } from './rpc.ts';

export const EndpointState = Type.Union([Type.Literal('loading'), Type.Literal('ready'), Type.Literal('failed')]);
export const EndpointView = strict({
  ...Stamped,
  ...Ownership,
  name: Name,
  target: EndpointTarget,
  state: EndpointState,
  /** Why it failed; empty otherwise. */
  message: Type.String(),
  /** Where inference requests go. */
  url: Type.String(),
});
export type EndpointView = Static<typeof EndpointView>;

export const CreateEndpoint = strict({
  name: Name,
  model: Ref,
  version: Type.Optional(VersionRef),
  visibility: Type.Optional(Visibility),
  group: Type.Optional(Ref),
});
export const UpdateEndpoint = strict({ id: Ref, model: Type.Optional(Ref), version: VersionRef });

export const servingRpc = {
  /** Refused with `bad_model` if the weights do not load. */
  create: rpc('rpc.serving.create', CreateEndpoint, Changed),
  /** Loads the new version aside, warms it, swaps, drains the old one. */
  update: rpc('rpc.serving.update', UpdateEndpoint, Changed),
  /** Admin: to a user whom the caller has seen. */
  handOver: rpc('rpc.serving.hand-over', strict({ id: Ref, ownerId: Id }), Changed),
  delete: rpc('rpc.serving.delete', ById, Changed),
  get: rpc('rpc.serving.get', ById, EndpointView),
  list: rpc('rpc.serving.list', strict(PageQuery), page(EndpointView)),
} as const;
