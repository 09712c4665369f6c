// The model service, for whoever composes services.
export { modelService } from './definition.ts';
