// POST /users/:id/erase.
import { Changed, strict, userRpc, UserRef } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { Type, type Static } from 'typebox';
import { operation, type OperationCall } from '../operation.ts';
import { IdPath } from '../path.ts';
import { cancelJobs, handOver, unfinishedJobs } from './belongings.ts';

const EraseUser = strict({
  /** Whom their datasets, models and endpoints are handed to; without it they stay, owned by the stand-in. */
  to: Type.Optional(UserRef),
  /** What of theirs is queued or running is cancelled; without it, that refuses the erasure. */
  cancelJobs: Type.Optional(Type.Boolean()),
});

type Call = OperationCall<Static<typeof IdPath>, unknown, Static<typeof EraseUser>>;

export const eraseUser = operation({
  method: 'POST',
  url: '/users/:id/erase',
  summary: 'Forget a person for good: throw their key, secrets and tokens away; what they made stays (admin)',
  access: 'user',
  schema: {
    params: IdPath,
    body: EraseUser,
    response: strict({
      ...Changed.properties,
      cancelledJobs: Type.Integer({ minimum: 0 }),
      /** Datasets, models and endpoints. */
      handedOver: Type.Integer({ minimum: 0 }),
    }),
  },
  handler: erase,
});

/** The services keep no transaction among them: each step is repeated by the same request, and finds what is left. */
async function erase({ gateway, params, body, principal, meta: { requestId, ...meta } }: Call) {
  if (principal.role !== 'admin') throw new PlatformError('forbidden', 'Only admins can do this.');
  // The revision that the caller has seen is the user's, and none of all that is theirs.
  const call: Call['call'] = (rpc, asked) => gateway.bus.call(rpc, { principal, meta: { requestId } }, asked);
  const { id } = await call(userRpc.getUser, params);
  const heir = body.to === undefined ? null : await heirOf(call, body.to, id);
  const running = await unfinishedJobs(call, id);
  if (running.length > 0 && !body.cancelJobs) throw hasJobs(running.length);
  let handedOver = heir === null ? 0 : await handOver(call, id, heir);
  const erased = await gateway.bus.call(userRpc.eraseUser, { principal, meta: { requestId, ...meta } }, { id });
  // Nobody acts as this person any more: what came in meanwhile is all that there is left.
  const cancelledJobs = await cancelJobs(call, id);
  if (heir !== null) handedOver += await handOver(call, id, heir);
  return { ...erased, cancelledJobs, handedOver };
}

async function heirOf(call: Call['call'], ref: string, erasedId: string): Promise<string> {
  const { id, disabled } = await call(userRpc.getUser, { id: ref });
  const issues = [{ pointer: '/to', detail: 'names nobody who can take over' }];
  if (disabled) throw new PlatformError('conflict', 'Whoever takes over needs an account that is in use.', { issues });
  if (id === erasedId) throw new PlatformError('invalid_input', 'Nobody inherits from themselves.', { issues });
  return id;
}

function hasJobs(count: number): PlatformError {
  const jobs = count === 1 ? 'job is' : 'jobs are';
  return new PlatformError(
    'conflict',
    `${count} of their ${jobs} queued or running. Wait until they have ended, or say that they are to be cancelled.`,
  );
}
