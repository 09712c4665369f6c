// How the command says that something went wrong: one line of what happened and what to do, and the issues of each field.
import type { ApiError } from '@baton/sdk';
import { EXIT, exitCodeOfProblem } from './exit-codes.ts';

/** Ends the command with `exitCode`; its message is for people. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function usage(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

export interface Described {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly issues: readonly { readonly pointer: string; readonly detail: string }[];
  readonly requestId?: string;
}

// By name, not by class: the SDK need not be loaded to say that a flag is wrong.
function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === 'ApiError';
}

export function describeFailure(error: unknown): Described {
  if (isApiError(error)) {
    const hint = error.code === 'unauthenticated' ? ' Run `baton login`.' : '';
    const { code, issues, requestId } = error;
    return {
      exitCode: exitCodeOfProblem(error),
      code,
      message: `${error.message}${error.message.includes('baton login') ? '' : hint}`,
      issues,
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
  if (error instanceof Failure) {
    return { exitCode: error.exitCode, code: 'command_failed', message: error.message, issues: [] };
  }
  return { exitCode: EXIT.failed, code: 'command_failed', message: ownWords(error), issues: [] };
}

function ownWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env['BATON_DEBUG']) return error.stack ?? error.message;
  return error.message === '' ? error.name : error.message;
}

/** Lines for standard error. */
export function failureText({ message, issues, requestId, code }: Described): string {
  const fields = issues.map(({ pointer, detail }) => `  ${pointer === '' ? '(the whole)' : pointer}: ${detail}`);
  const trace = requestId !== undefined && code === 'internal' ? [`  request ${requestId}`] : [];
  return [`baton: ${message}`, ...fields, ...trace].join('\n');
}
