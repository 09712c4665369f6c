// The model service over the bus, and manifests from the blob store where they are.
import type { BlobStore } from '@baton/blob-store';
import { Manifest, modelRpc, type Principal } from '@baton/contracts';
import { parseInput } from '@baton/errors';
import type { Bus, CallContext } from '@baton/messaging';
import { randomUUID } from 'node:crypto';
import type { ModelCatalogue } from '../app/ports.ts';

export function modelClient(
  bus: Bus,
  blobs: Pick<BlobStore, 'read' | 'stat'>,
  systemCall: () => CallContext,
): ModelCatalogue {
  return {
    resolve(principal: Principal, ref, version) {
      return bus.call(modelRpc.resolve, { principal, meta: { requestId: randomUUID() } }, { ref, version });
    },
    async manifest({ modelId, version, digest }): Promise<Manifest> {
      // A version's digest is that of its manifest: endpoints load while the model service is away, or the model deleted.
      if (await blobs.stat(digest))
        return parseInput(Manifest, JSON.parse((await blobs.read(digest)).toString('utf8')));
      return bus.call(modelRpc.manifest, systemCall(), { id: modelId, version });
    },
  };
}
