// Who may use which endpoint over HTTP: a bearer token, unless the endpoint is for everyone.
import { canRead, type Principal } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { EndpointRegistry } from '../../app/registry.ts';
import type { ServedEndpoint } from '../../app/served-endpoint.ts';

export type Authenticate = (token: string) => Promise<Principal>;

export interface Access {
  /** The caller; null without a token. `unauthenticated` for a bad one. */
  caller(authorization: string | undefined): Promise<Principal | null>;
  /** The endpoint by name: unknown and hidden ones are told apart by nobody. */
  endpoint(name: string, authorization: string | undefined): Promise<ServedEndpoint>;
}

const BEARER = /^Bearer +([^ ]+) *$/i;

export function accessTo(registry: EndpointRegistry, authenticate: Authenticate): Access {
  const caller = async (authorization: string | undefined): Promise<Principal | null> => {
    if (authorization === undefined) return null;
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new PlatformError('unauthenticated', 'Send "Authorization: Bearer <token>".');
    return authenticate(token);
  };
  return {
    caller,
    async endpoint(name, authorization) {
      const endpoint = registry.find(name);
      if (endpoint?.details.visibility === 'everyone') return endpoint;
      const principal = await caller(authorization);
      if (!principal)
        throw new PlatformError('unauthenticated', 'This needs a token: send "Authorization: Bearer <token>".');
      if (!endpoint || !canRead(principal, endpoint.details)) throw modelNotFound(name);
      return endpoint;
    },
  };
}

export function modelNotFound(name: string): PlatformError {
  return new PlatformError('not_found', `There is no model "${name}" here, or you may not see it.`);
}
