// What belongs to a user, asked of every service: jobs that are not over, and things that can be handed to somebody else.
import { datasetRpc, modelRpc, type Rpc, schedulerRpc, servingRpc } from '@baton/contracts';
import { hasCode } from '@baton/errors';
import type { Static, TSchema } from 'typebox';
import type { OperationCall } from '../operation.ts';

type Call = OperationCall<unknown, unknown, unknown>['call'];
interface Page {
  readonly items: readonly { readonly id: string; readonly ownerId: string }[];
  readonly nextCursor: string | null;
}

const AT_ONCE = 1_000;

export async function unfinishedJobs(call: Call, owner: string): Promise<string[]> {
  const found: string[] = [];
  const page = (cursor: object) => call(schedulerRpc.listJobs, { owner, active: true, limit: AT_ONCE, ...cursor });
  for await (const { id } of allOf(page)) found.push(id);
  return found;
}

/** How many were still there to be cancelled. */
export async function cancelJobs(call: Call, owner: string): Promise<number> {
  const jobs = await unfinishedJobs(call, owner);
  // The id of an array's first job stands for the array: its others may be over by the time that they are reached.
  for (const id of jobs)
    await call(schedulerRpc.cancel, { id, reason: 'The account was erased.' }).catch(ignoringConflict);
  return jobs.length;
}

/** How many changed hands. */
export async function handOver(call: Call, owner: string, heir: string): Promise<number> {
  const listing = { owner, limit: AT_ONCE };
  const datasets = await collect((cursor) => call(datasetRpc.list, { ...listing, ...cursor }));
  const models = await collect((cursor) => call(modelRpc.list, { ...listing, ...cursor }));
  const endpoints = await collect((cursor) => call(servingRpc.list, { limit: AT_ONCE, ...cursor }));
  const own = endpoints.filter(({ ownerId }) => ownerId === owner);
  await changeAll(call, datasetRpc.update, datasets, heir);
  await changeAll(call, modelRpc.update, models, heir);
  await changeAll(call, servingRpc.handOver, own, heir);
  return datasets.length + models.length + own.length;
}

async function changeAll<Q extends TSchema>(
  call: Call,
  rpc: Rpc<Q>,
  things: readonly { readonly id: string }[],
  ownerId: string,
): Promise<void> {
  for (const { id } of things) await call(rpc, { id, ownerId } as unknown as Static<Q>);
}

async function collect(page: (cursor: { cursor?: string }) => Promise<Page>) {
  const found: Page['items'][number][] = [];
  for await (const thing of allOf(page)) found.push(thing);
  return found;
}

async function* allOf(page: (cursor: { cursor?: string }) => Promise<Page>) {
  let cursor: string | null = null;
  do {
    const { items, nextCursor }: Page = await page(cursor === null ? {} : { cursor });
    yield* items;
    cursor = nextCursor;
  } while (cursor !== null);
}

function ignoringConflict(error: unknown): void {
  if (!hasCode(error, 'conflict')) throw error;
}
