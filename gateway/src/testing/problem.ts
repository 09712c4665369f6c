// Reads a problem document, and nothing else.
import { expect } from 'vitest';

export async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as {
    code: string;
    status: number;
    requestId: string;
    detail: string;
    errors?: { pointer: string; detail: string }[];
  };
}
