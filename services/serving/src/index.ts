// The serving service, for whoever starts it.
export { startServing, type Serving } from './serving.module.ts';
