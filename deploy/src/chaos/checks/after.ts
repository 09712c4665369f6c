// After the faults: everything comes to rest, and every invariant is checked from outside, through REST and the files.
import { createReadStream, readdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { JobView } from '@baton/contracts';
import { sendOnce } from '../command-sender.ts';
import { violated } from '../tally.ts';
import type { Run } from '../users/run.ts';
import { type Registers, readDataset } from '../users/registers.ts';
import type { SubmittedJob } from '../users/submitter.ts';
import { addVersion, type StoredUpload, UPLOADS } from '../users/uploader.ts';
import { checkDevices } from './device-check.ts';
import { checkArtifacts, gather, sha256 } from './evidence.ts';
import { checkJob, hasGivenUp, type JobEvidence } from './job-check.ts';

const REST_MS = 180_000;
const POLL_MS = 500;
const LANES = 4;
const PAGE = 500;

/** All jobs are over, or the time is. */
export async function comeToRest({ scene }: Run): Promise<void> {
  const deadline = performance.now() + REST_MS;
  while (performance.now() < deadline) {
    const active = await scene.admin.jobs.list({ active: true, limit: 1 });
    if (active.items.length === 0) return;
    await sleep(POLL_MS);
  }
}

export async function checkJobs(run: Run, jobs: readonly SubmittedJob[]): Promise<void> {
  const { scene, tally } = run;
  const evidence: JobEvidence[] = [];
  const gathering = { client: scene.admin, witness: scene.witness, words: scene.words, powerCuts: run.powerCuts };
  await inLanes(jobs, async (job) => {
    const seen = await gather(gathering, job);
    evidence.push(seen);
    const found = [...checkJob(seen), ...(await checkArtifacts(scene.admin, seen))];
    for (const { which, words, count } of found) violated(tally, which, words, count);
  });
  tally.jobs = jobs.length;
  tally.gaveUp = evidence.filter(({ view }) => hasGivenUp(view)).length;
  tally.attempts = evidence.reduce((sum, { witness }) => sum + witness.runs.length, 0);
  for (const words of checkDevices(evidence)) violated(tally, 'doubled', words);
  await checkSubmissions(run, jobs);
}

/** Each submission has made one job, and is the one that was acknowledged. */
async function checkSubmissions(run: Run, jobs: readonly SubmittedJob[]): Promise<void> {
  const acknowledged = new Map(jobs.map(({ name, id }) => [name, id]));
  for (const { id, name } of await allJobs(run)) {
    if (acknowledged.get(name) === id) acknowledged.delete(name);
    else violated(run.tally, 'doubled', `job ${id} is called ${name}, and so is another, or nobody was told of it`);
  }
  for (const [name, id] of acknowledged) violated(run.tally, 'commandsLost', `${name} (${id}) is not there`);
}

export async function allJobs({ scene }: Run): Promise<JobView[]> {
  const all: JobView[] = [];
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
    const query = { limit: PAGE, sort: 'createdAt', ...(cursor === null ? {} : { cursor }) };
    const page: { items: JobView[]; nextCursor: string | null } = await scene.admin.jobs.list(query);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

/** What was let rest is asked once more, so that it is known; then each register is read when its read model has come to the end. */
export async function settleRegisters(run: Run, { ids, resting }: Registers): Promise<void> {
  const newest = new Map<string, number>();
  for (const sent of resting) {
    const outcome = await sendOnce(run.scene.caller, sent);
    const isExpected = outcome.kind === 'ok' || (outcome.kind === 'refused' && outcome.code === 'revision_mismatch');
    if (!isExpected) violated(run.tally, 'commandsUnknown', `${sent.key}: ${JSON.stringify(outcome)}`);
    if (outcome.kind === 'ok')
      newest.set(sent.path, Math.max(newest.get(sent.path) ?? 0, Number(outcome.body['revision'])));
  }
  await sleep(POLL_MS);
  for (const [number, id] of ids.entries()) {
    const op = run.history.invoke('reader', `register-${number}`, { kind: 'read' });
    run.history.tell(op, await readDataset(run, id, newest.get(`/datasets/${id}`)));
  }
}

export async function checkUploads(run: Run, uploads: readonly StoredUpload[]): Promise<void> {
  const { datasets } = run.scene.admin;
  for (const upload of uploads) if (upload.version === null) await addVersion(run, upload);
  await inLanes(uploads, async ({ filename, sha256: digest, version }) => {
    const bytes =
      version === null
        ? null
        : await datasets.file(UPLOADS, version, filename).then(
            async (response) => new Uint8Array(await response.arrayBuffer()),
            () => null,
          );
    if (bytes === null || sha256(bytes) !== digest)
      violated(run.tally, 'uploadsLost', `${filename}, version ${version}`);
  });
}

/** Every stored content is what its name says. */
export async function checkBlobs(run: Run): Promise<void> {
  const folder = join(run.scene.platform.home, 'blobs');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const named = files.filter(({ name }) => /^[0-9a-f]{64}$/.test(name));
  await inLanes(named, async ({ name, parentPath }) => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(parentPath, name))) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== name) violated(run.tally, 'artifactsCorrupt', `blob ${name}`);
  });
}

/** Read models made anew from the log show the same. */
export async function checkRebuilt(run: Run): Promise<void> {
  const { platform } = run.scene;
  const before = await allJobs(run);
  await platform.stop();
  await platform.start(['--rebuild']);
  const after = await allJobs(run);
  const differing = before.filter((job, index) => !isDeepStrictEqual(job, after[index]));
  for (const { id } of differing)
    violated(run.tally, 'commandsLost', `job ${id} is another after a rebuild from the log`);
  if (after.length !== before.length)
    violated(run.tally, 'lost', `${before.length} jobs before a rebuild, ${after.length} after`);
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
