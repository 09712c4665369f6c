// GET /readyz: NATS is connected, the services that nothing works without answer, and there is room to record commands.
import { type Rpc, schedulerRpc, strict, systemPrincipal, userRpc } from '@baton/contracts';
import { hasCode, PlatformError } from '@baton/errors';
import type { Bus } from '@baton/messaging';
import { Type, type Static, type TSchema } from 'typebox';
import { operation } from '../operation.ts';

const TIMEOUT_MS = 2_000;

export const readyz = operation({
  method: 'GET',
  url: '/readyz',
  root: true,
  summary: 'Whether the platform answers: NATS, the user service and the scheduler, with room to record commands',
  access: 'anonymous',
  schema: { response: strict({ ok: Type.Boolean() }) },
  handler: async ({ gateway, request }) => {
    if (!gateway.hasRoom())
      throw new PlatformError('unavailable', 'Not ready: the disk is full, and commands are refused. Free some space.');
    const probe = { bus: gateway.bus, requestId: request.id };
    const answers = await Promise.all([
      isAnswered(probe, userRpc.listUsers, { limit: 1 }),
      isAnswered(probe, schedulerRpc.listNodes, { limit: 1 }),
    ]);
    const missing = ['user', 'scheduler'].filter((_, index) => !answers[index]);
    if (missing.length > 0)
      throw new PlatformError('unavailable', `Not ready: no answer from ${missing.join(' and ')}.`);
    return { ok: true };
  },
});

/** A refusal is an answer too. */
async function isAnswered<Q extends TSchema>(
  probe: { bus: Bus; requestId: string },
  rpc: Rpc<Q>,
  body: Static<Q>,
): Promise<boolean> {
  const context = { principal: systemPrincipal('gateway'), meta: { requestId: probe.requestId } };
  try {
    await probe.bus.call(rpc, context, body, { timeoutMs: TIMEOUT_MS });
    return true;
  } catch (error) {
    return !hasCode(error, 'unavailable') && !hasCode(error, 'outcome_unknown');
  }
}
