// The read models that are folded from the stream of jobs.
import { jobProjection } from './job-document.ts';
import { jobUsageProjection } from './usage-documents.ts';

export const jobReadModels = [jobProjection, jobUsageProjection] as const;
