// The user service over NATS: whom a name means, as far as the caller may know.
import { userRpc } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import type { Directory } from '../app/directory.ts';
import type { Caller } from '../app/ports.ts';

export function directoryClient(bus: Bus): Directory {
  return {
    findUser: async (caller, ref) => (await bus.call(userRpc.getUser, read(caller), { id: ref })).id,
    findGroup: async (caller, ref) => (await bus.call(userRpc.resolveGroup, read(caller), { ref })).groupId,
  };
}

/** The caller's identity and request, without what belongs to the command alone. */
function read({ principal, meta }: Caller): Caller {
  return { principal, meta: { requestId: meta.requestId } };
}
