// Events of inference endpoints.
import { Ownership } from '../access.ts';
import { Digest, Id, Name, Version, strict } from '../schema.ts';

export const EndpointTarget = strict({ modelId: Id, modelName: Name, version: Version, digest: Digest });

export const endpointEvents = {
  EndpointCreated: strict({ name: Name, target: EndpointTarget, ...Ownership }),
  EndpointRetargeted: strict({ target: EndpointTarget }),
  EndpointHandedOver: strict({ ownerId: Id }),
  EndpointDeleted: strict({}),
};
