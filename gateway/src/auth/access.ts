// Who may use an operation: nobody, unless it says otherwise.
import type { Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyRequest } from 'fastify';
import type { AgentAuthenticator } from './agents.ts';
import type { Authenticator } from './authenticator.ts';
import { credentialOf, refuseForeignOrigin } from './credentials.ts';

/** `job-token-ok`: also with a job's own token, for the job that the path's `:id` names; `own-job`: with that alone. `agent`: agents that have joined alone. */
export type Access = 'anonymous' | 'user' | 'job-token-ok' | 'own-job' | 'agent';

export interface Admission {
  readonly authenticator: Authenticator;
  readonly agents: AgentAuthenticator;
}

const ANONYMOUS: Principal = { kind: 'user', userId: 'anonymous', role: 'user', groups: [], credentialId: 'anonymous' };

export async function admit(access: Access, request: FastifyRequest, admission: Admission): Promise<Principal> {
  if (access === 'anonymous') return ANONYMOUS;
  const credential = credentialOf(request);
  if (!credential) throw new PlatformError('unauthenticated', 'Log in, or send "Authorization: Bearer <token>".');
  if (access === 'agent') return admission.agents.authenticate(credential.token, request.id);
  refuseForeignOrigin(request, credential);
  const principal = await admission.authenticator.authenticate(credential.token, request.id);
  if (principal.kind === 'job') limitToOwnJob(access, request, principal);
  else if (access === 'own-job')
    throw new PlatformError('forbidden', 'Only the job itself does this, with the token that it finds in BATON_TOKEN.');
  return principal;
}

function limitToOwnJob(access: Access, request: FastifyRequest, principal: Principal): void {
  if (access !== 'job-token-ok' && access !== 'own-job')
    throw new PlatformError('forbidden', "A job's token is for its own job and nothing else.");
  const { id } = request.params as { id?: string };
  if (id === undefined || id !== principal.jobId) throw new PlatformError('not_found', `There is no job ${id ?? ''}.`);
}
