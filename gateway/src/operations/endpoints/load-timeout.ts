// Loading and warming a large model takes its time; the caller waits for the verdict.
export const LOAD_TIMEOUT_MS = 120_000;
