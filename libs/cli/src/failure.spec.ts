// What people and programs are told when something went wrong.
import { ApiError } from '@baton/sdk';
import { expect, it } from 'vitest';
import { describeFailure, failureText, usage } from './failure.ts';

it('names each field of a refused request', () => {
  const issues = [{ pointer: '/resources/gpus', detail: 'must be >= 0' }];
  const described = describeFailure(
    new ApiError({ status: 400, code: 'invalid_input', message: 'Not valid.', issues }),
  );
  expect(described).toMatchObject({ exitCode: 5, code: 'invalid_input', issues });
  expect(failureText(described)).toBe('baton: Not valid.\n  /resources/gpus: must be >= 0');
});
it('says how to log in', () => {
  const described = describeFailure(
    new ApiError({ status: 401, code: 'unauthenticated', message: 'The token has expired.' }),
  );
  expect(failureText(described)).toBe('baton: The token has expired. Run `baton login`.');
});
it('shows the request id of a fault that is not the caller’s', () => {
  const described = describeFailure(
    new ApiError({ status: 500, code: 'internal', message: 'Something went wrong.', requestId: 'r-1' }),
  );
  expect(failureText(described)).toContain('request r-1');
});
it('takes its own failures’ exit codes', () => {
  expect(describeFailure(usage('wrong'))).toMatchObject({ exitCode: 2, message: 'wrong' });
});
it('has words for what was thrown and is no error', () => {
  expect(describeFailure('odd')).toMatchObject({ exitCode: 1, message: 'odd' });
});
