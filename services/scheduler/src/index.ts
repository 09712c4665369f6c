// The scheduler: owner of the job streams, and of what runs where.
export { schedulerService } from './definition.ts';
