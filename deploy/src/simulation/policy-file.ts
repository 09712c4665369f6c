// A policy by its name, or out of a file.
import { DEFAULT_POLICY, Policy } from '@baton/contracts';
import { parseInput, PlatformError } from '@baton/errors';
import { parse } from 'yaml';
import { type NamedPolicy, POLICIES, policyNamed } from './policies.ts';

/** YAML, of which JSON is a part; what is left out is as in the default. */
export function policyOf(nameOrFile: string, read: (file: string) => Uint8Array): NamedPolicy {
  const named = policyNamed(nameOrFile);
  if (named) return named;
  if (!/[./]/.test(nameOrFile)) {
    const names = Object.keys(POLICIES).join(', ');
    throw new PlatformError(
      'invalid_input',
      `There is no policy ${nameOrFile}: ${names}, or a file such as policy.yaml.`,
    );
  }
  const given = document(nameOrFile, new TextDecoder().decode(read(nameOrFile)));
  return { policy: parseInput(Policy, completed(given)) };
}

function completed(given: object): object {
  const parts = Object.entries(given).map(([name, value]: [string, unknown]) => {
    const absent: unknown = DEFAULT_POLICY[name as keyof Policy];
    return [name, isRecord(value) && isRecord(absent) ? { ...absent, ...value } : value];
  });
  return { ...DEFAULT_POLICY, ...Object.fromEntries(parts) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function document(file: string, text: string): object {
  try {
    const value: unknown = parse(text);
    if (isRecord(value)) return value;
  } catch (error) {
    throw new PlatformError('invalid_input', `${file} is not YAML: ${(error as Error).message}`, { cause: error });
  }
  throw new PlatformError('invalid_input', `${file} is no policy: it holds no fields.`);
}
