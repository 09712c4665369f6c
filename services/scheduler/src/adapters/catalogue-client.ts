// The other services over NATS: names and versions on behalf of the caller, secrets on the platform's own.
import { datasetRpc, modelRpc, userRpc } from '@baton/contracts';
import type { Bus, CallContext } from '@baton/messaging';
import type { Catalogue } from '../app/ports.ts';

export function catalogueClient(bus: Bus, systemCall: () => CallContext): Catalogue {
  return {
    resolveCode: (caller, ref, version) => bus.call(modelRpc.resolve, read(caller), { ref, version, needs: 'code' }),
    resolveDataset: (caller, ref, version) => bus.call(datasetRpc.resolve, read(caller), { ref, version }),
    findGroup: async (caller, ref) => (await bus.call(userRpc.resolveGroup, read(caller), { ref })).groupId,
    mayRegister: async (caller, name) => (await bus.call(modelRpc.mayRegister, read(caller), { name })).allowed,
    missingSecrets: async (ownerId, names) =>
      (await bus.call(userRpc.missingSecrets, systemCall(), { ownerId, names: [...names] })).missing,
    resolveSecrets: async (ownerId, names) =>
      (await bus.call(userRpc.resolveSecrets, systemCall(), { ownerId, names: [...names] })).values,
    issueJobToken: async (ownerId, jobId, attempt) =>
      (await bus.call(userRpc.issueJobToken, systemCall(), { ownerId, jobId, attempt })).token,
  };
}

/** The caller's identity and request, without what belongs to the command alone. */
function read(caller: CallContext): CallContext {
  return { principal: caller.principal, meta: { requestId: caller.meta.requestId } };
}
