// `baton job ...`.
import { noun } from '../../verb.ts';
import { cancelJobs } from './cancel.ts';
import { jobEvents } from './events.ts';
import { jobArtifacts, jobCheckpoints } from './files.ts';
import { holdJobs } from './hold.ts';
import { listJobs } from './list.ts';
import { jobLogs } from './logs.ts';
import { jobMetrics } from './metrics.ts';
import { jobOvertakers } from './overtakers.ts';
import { releaseJobs } from './release.ts';
import { rerunJob } from './rerun.ts';
import { showJob } from './show.ts';
import { submitJob } from './submit.ts';
import { waitForJobs } from './wait.ts';
import { whyJob } from './why.ts';

export const job = () =>
  noun('job', 'jobs: an id, its first characters, or a name (the newest job of that name) says which', [
    listJobs(),
    showJob(),
    jobLogs(),
    jobMetrics(),
    jobEvents(),
    whyJob(),
    jobOvertakers(),
    jobArtifacts(),
    jobCheckpoints(),
    cancelJobs(),
    holdJobs(),
    releaseJobs(),
    rerunJob(),
    waitForJobs(),
    submitJob(),
  ]);
