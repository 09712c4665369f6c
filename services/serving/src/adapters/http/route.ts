// What a route of the inference server is, and what all routes are given.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BatcherLimits } from '../../app/batcher.ts';
import type { EndpointRegistry } from '../../app/registry.ts';
import type { Access, Authenticate } from './access.ts';

export interface InferenceServerOptions {
  readonly registry: EndpointRegistry;
  readonly authenticate: Authenticate;
  readonly limits: BatcherLimits;
  readonly bodyLimitBytes: number;
  /** Whether every endpoint that was there at the start is loaded or has failed. */
  readonly isReady: () => boolean;
  readonly version: string;
  readonly report: (error: unknown, where: string) => void;
}

export interface RouteContext extends InferenceServerOptions {
  readonly access: Access;
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

export interface Route {
  readonly method: Method;
  readonly url: string;
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}
