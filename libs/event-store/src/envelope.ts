// A quick look at what was parsed: whether it has just the members of a commit, each of its type. The schema has the last word.
import type { Commit } from '@baton/contracts';

const MEMBERS = 12;
const MEMBERS_OF_EVENT = 3;

/** True: it fits the schema `Commit`. False: it may fit all the same, and the schema itself has to tell. */
export function isPlainCommit(value: unknown): value is Commit {
  if (!isRecord(value)) return false;
  const { term, events } = value;
  const members = term === undefined ? MEMBERS : MEMBERS + 1;
  if (size(value) !== members || !hasTexts(value) || !hasNumbers(value)) return false;
  return Array.isArray(events) && events.length > 0 && events.every(isPlainEvent);
}

function hasNumbers({ envelopeV, revision, at, term }: Readonly<Record<string, unknown>>): boolean {
  return (
    isPositive(envelopeV) &&
    isPositive(revision) &&
    isInteger(at) &&
    at >= 0 &&
    (term === undefined || isPositive(term))
  );
}

function hasTexts(value: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof value['commitId'] === 'string' &&
    typeof value['commandId'] === 'string' &&
    typeof value['requestHash'] === 'string' &&
    typeof value['actor'] === 'string' &&
    typeof value['credentialId'] === 'string' &&
    typeof value['correlationId'] === 'string' &&
    typeof value['causationId'] === 'string' &&
    typeof value['prevHash'] === 'string'
  );
}

function isPlainEvent(event: unknown): boolean {
  if (!isRecord(event) || typeof event['type'] !== 'string' || !isPositive(event['v'])) return false;
  return event['data'] !== undefined && size(event) === MEMBERS_OF_EVENT;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

function isPositive(value: unknown): boolean {
  return isInteger(value) && value >= 1;
}

/** Of what came from JSON: without making a list of the names. */
function size(value: object): number {
  let count = 0;
  for (const _name in value) count += 1;
  return count;
}
