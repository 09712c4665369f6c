// The dataset service, for whoever composes services.
export { datasetService } from './definition.ts';
