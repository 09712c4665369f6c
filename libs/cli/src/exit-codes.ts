// What the command's exit code means. Scripts may rely on these.
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notLoggedIn: 3,
  notFound: 4,
  refused: 5,
  unavailable: 6,
  notAllowed: 7,
  cancelled: 8,
  timedOut: 124,
  interrupted: 130,
} as const;

export const EXIT_CODE_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done; of a followed or awaited job: it succeeded'],
  [EXIT.failed, 'failed; of a followed or awaited job: it failed'],
  [EXIT.usage, 'the command line is not valid'],
  [EXIT.notLoggedIn, 'not logged in, or the log-in has expired'],
  [EXIT.notFound, 'there is no such thing, or you may not see it'],
  [EXIT.refused, 'the platform refused it: not valid, or not in the present state'],
  [EXIT.unavailable, 'the platform does not answer, or is not available now'],
  [EXIT.notAllowed, 'you may see it, but not do this'],
  [EXIT.cancelled, 'of a followed or awaited job: it was cancelled'],
  [EXIT.timedOut, '`baton job wait --timeout` ran out'],
  [EXIT.interrupted, 'interrupted by Ctrl-C; a followed job goes on'],
];

const BY_ERROR_CODE: Readonly<Record<string, number>> = {
  unauthenticated: EXIT.notLoggedIn,
  forbidden: EXIT.notAllowed,
  not_found: EXIT.notFound,
  removed: EXIT.notFound,
  internal: EXIT.failed,
  unavailable: EXIT.unavailable,
  outcome_unknown: EXIT.unavailable,
  request_in_flight: EXIT.unavailable,
  rate_limited: EXIT.unavailable,
  storage_full: EXIT.unavailable,
  connection_failed: EXIT.unavailable,
};

const BY_STATUS: Readonly<Record<number, number>> = {
  401: EXIT.notLoggedIn,
  403: EXIT.notAllowed,
  404: EXIT.notFound,
  502: EXIT.unavailable,
  503: EXIT.unavailable,
  504: EXIT.unavailable,
};

/** Of an answer of the platform that says no. */
export function exitCodeOfProblem(problem: { readonly code: string; readonly status: number }): number {
  const known = BY_ERROR_CODE[problem.code] ?? BY_STATUS[problem.status];
  if (known !== undefined) return known;
  return problem.status >= 400 && problem.status < 500 ? EXIT.refused : EXIT.failed;
}

/** Of a job that is over. */
export function exitCodeOfJob(state: string): number {
  if (state === 'succeeded') return EXIT.ok;
  return state === 'cancelled' ? EXIT.cancelled : EXIT.failed;
}
