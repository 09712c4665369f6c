// How long a request may take that concerns a whole array of jobs.
/** What concerns up to 10,000 jobs takes seconds: each is a commit of its own. */
export const ARRAY_TIMEOUT_MS = 60_000;
