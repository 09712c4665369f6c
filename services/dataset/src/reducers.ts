// What folds the events of each of the service's aggregates, for whoever verifies the log.
import { datasetDecider } from './domain/dataset.commands.ts';

export const reducers = {
  dataset: datasetDecider,
};
