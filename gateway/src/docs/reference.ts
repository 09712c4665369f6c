// docs/rest-operations.md: every operation and every error code as Markdown tables, from what the gateway itself uses.
import { ERROR_CODES } from '@baton/contracts';
import type { Operation } from '../operations/operation.ts';

const API = '/api/v1';
const ACCESS: Readonly<Record<Operation['access'], string>> = {
  anonymous: 'anyone',
  user: 'a user',
  'job-token-ok': 'a user, or the job itself',
  'own-job': 'the job itself',
  agent: 'an agent that has joined',
};
const PREFACE = `<!-- Generated from gateway/src/operations and libs/contracts/src/error-codes.ts; a unit test compares. To write it again:
     npx vitest run --project unit gateway/src/docs/reference.spec.ts -u -->
# REST operations

How requests, answers, errors and lists look is in [rest.md](rest.md). The schemas of bodies are in \`/openapi.json\` of a running
platform, and for people at \`/docs\`.`;

export function renderReference(operations: Readonly<Record<string, Operation>>): string {
  const groups = Map.groupBy(Object.entries(operations), ([, operation]) => groupOf(operation));
  const sections = [...groups].map(([name, entries]) => [`## ${name}`, '', ...tableOf(entries)].join('\n'));
  return `${[PREFACE, ...sections, errorSection()].join('\n\n')}\n`;
}

function groupOf({ root, url }: Operation): string {
  return root ? 'platform' : (url.split('/')[1] ?? 'platform');
}

function tableOf(entries: readonly (readonly [string, Operation])[]): string[] {
  const rows = entries.map(([id, { method, root, url, summary, access }]) => {
    const path = `${root ? '' : API}${url}`;
    return `| \`${method} ${path}\` | \`${id}\` | ${summary} | ${ACCESS[access]} |`;
  });
  return ['| request | operationId | what it does | who may ask |', '|---|---|---|---|', ...rows];
}

function errorSection(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`);
  return ['## Error codes', '', '| code | status | title |', '|---|---|---|', ...rows].join('\n');
}
