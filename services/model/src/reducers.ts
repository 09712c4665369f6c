// What folds the events of each of the service's aggregates, for whoever verifies the log.
import { modelDecider } from './domain/model.commands.ts';

export const reducers = {
  model: modelDecider,
};
