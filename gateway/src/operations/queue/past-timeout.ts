// How long an answer about the past may take: the log is read from its beginning.
export const PAST_TIMEOUT_MS = 60_000;
