// Exit codes that scripts rely on.
import { ERROR_CODES } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_CODE_MEANINGS, exitCodeOfJob, exitCodeOfProblem } from './exit-codes.ts';

describe('exit codes', () => {
  it.each([
    ['unauthenticated', 401, 3],
    ['not_found', 404, 4],
    ['invalid_input', 400, 5],
    ['conflict', 409, 5],
    ['unsatisfiable', 422, 5],
    ['forbidden', 403, 7],
    ['unavailable', 503, 6],
    ['connection_failed', 0, 6],
    ['internal', 500, 1],
  ])('are, for %s (%i), %i', (code, status, exitCode) => {
    expect(exitCodeOfProblem({ code, status })).toBe(exitCode);
  });
  it('know each code of the platform as something else than success or a wrong command line', () => {
    for (const [code, { status }] of Object.entries(ERROR_CODES)) {
      expect(exitCodeOfProblem({ code, status })).not.toBeOneOf([EXIT.ok, EXIT.usage]);
    }
  });
  it('go by the status of an answer that a proxy gave', () => {
    expect(exitCodeOfProblem({ code: 'http_502', status: 502 })).toBe(EXIT.unavailable);
    expect(exitCodeOfProblem({ code: 'http_404', status: 404 })).toBe(EXIT.notFound);
  });
  it('tell how a job ended', () => {
    expect(['succeeded', 'failed', 'cancelled'].map(exitCodeOfJob)).toEqual([0, 1, 8]);
  });
  it('are all explained, each once', () => {
    expect(EXIT_CODE_MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT));
  });
});
