// What was ever stored of this service's aggregates comes to the same state as when it was frozen.
import { goldenHistories } from '@baton/event-store/testing';
import { datasetDecider } from './dataset.commands.ts';

goldenHistories('dataset', datasetDecider);
