// Answers the serving operations over the bus.
import { servingRpc } from '@baton/contracts';
import type { Bus } from '@baton/messaging';
import type { EndpointQueries } from '../app/endpoint-queries.ts';
import type { Endpoints } from '../app/endpoints.ts';

export function answerEndpoints(bus: Bus, endpoints: Endpoints, queries: EndpointQueries): void {
  bus.handle(servingRpc.create, (call) => endpoints.create(call, call.body));
  bus.handle(servingRpc.update, (call) => endpoints.update(call, call.body));
  bus.handle(servingRpc.handOver, (call) => endpoints.handOver(call, call.body));
  bus.handle(servingRpc.delete, (call) => endpoints.delete(call, call.body.id));
  bus.handle(servingRpc.get, (call) => queries.get(call, call.body.id));
  bus.handle(servingRpc.list, (call) => queries.list(call, call.body));
}
