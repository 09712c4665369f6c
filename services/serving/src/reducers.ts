// What folds the events of each of the service's aggregates, for whoever verifies the log.
import { endpointDecider } from './domain/endpoint.commands.ts';

export const reducers = {
  endpoint: endpointDecider,
};
