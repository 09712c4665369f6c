// What an agent that has joined knows: who it is, where the platform is, and its own credentials.
import { Id, Name, strict } from '@baton/contracts';
import { Type, type Static } from 'typebox';

/** Made by the agent itself, before it joins. */
export const OwnCredentials = strict({
  /** Where it joins; for another platform it makes others. */
  apiUrl: Type.String({ pattern: '^https?://' }),
  /** The private half of its NATS key. */
  seed: Type.String({ pattern: '^SU[A-Z2-7]{56}$' }),
  /** For HTTP; the part that is secret. */
  secret: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
});
export type OwnCredentials = Static<typeof OwnCredentials>;

export const JoinedNode = strict({
  ...OwnCredentials.properties,
  nodeId: Id,
  name: Type.Union([Name, Type.Null()]),
  natsUrl: Type.String({ pattern: '^(nats|tls)://' }),
});
export type JoinedNode = Static<typeof JoinedNode>;

/** What the agent sends over HTTP. */
export function agentToken({ nodeId, secret }: Pick<JoinedNode, 'nodeId' | 'secret'>): string {
  return `bag_${nodeId.slice('nod_'.length)}_${secret}`;
}
