// A policy by its name, or out of a file as people write it.
import { type Policy, PolicyDocument, systemPrincipal } from '@baton/contracts';
import { parseInput, PlatformError } from '@baton/errors';
import { contradictions, normalisePolicy } from '@baton/scheduler';
import { parse } from 'yaml';
import { type NamedPolicy, POLICIES, policyNamed } from './policies.ts';

/** A trace's users and groups have no ids besides their names. */
const BY_NAME = {
  findUser: async (_caller: unknown, name: string) => name,
  findGroup: async (_caller: unknown, name: string) => name,
};
const CALLER = { principal: systemPrincipal('simulate'), meta: { requestId: 'simulate' } };

/** YAML, of which JSON is a part; what is left out is as in the default. */
export async function policyOf(nameOrFile: string, read: (file: string) => Uint8Array): Promise<NamedPolicy> {
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
  const policy = await normalisePolicy(parseInput(PolicyDocument, given), CALLER, BY_NAME);
  return { policy: consistent(nameOrFile, policy) };
}

function consistent(file: string, policy: Policy): Policy {
  const issues = contradictions(policy);
  if (issues.length === 0) return policy;
  const text = issues.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
  throw new PlatformError('invalid_input', `${file} contradicts itself: ${text}.`, { issues });
}

function document(file: string, text: string): unknown {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new PlatformError('invalid_input', `${file} is not YAML: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new PlatformError('invalid_input', `${file} is no policy: it holds no fields.`);
}
