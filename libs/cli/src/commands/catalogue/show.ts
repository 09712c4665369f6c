// `baton dataset show`, `baton model show`: the thing with its versions, or one version with its files.
import type { Manifest } from '@baton/contracts';
import { EXIT } from '../../exit-codes.ts';
import { Failure } from '../../failure.ts';
import { parseVersionedName } from '../../job/job-flags.ts';
import { shortId } from '../../job/find-job.ts';
import { metricsText } from '../../job/job-text.ts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { type Column, facts, table } from '../../output/table.ts';
import { formatAge, formatBytes } from '../../output/units.ts';
import { pastOf, type PastOption, withPast } from '../../past-moment.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';
import { type Catalogue, type Thing, versionOf } from './catalogue.ts';

type Version = Thing['versions'][number];

export const showThing = (catalogue: Catalogue) =>
  withPast(
    verb('show <name[@version]>', `show a ${catalogue.noun} with its versions, or the files of one version`),
  ).action((name: string, options: JsonOption & PastOption) => run(catalogue, name, options));

async function run(catalogue: Catalogue, name: string, options: JsonOption & PastOption): Promise<void> {
  const { client } = await connect(pastOf(options));
  const { ref, version } = parseVersionedName(name);
  const thing = await catalogue.of(client).get(ref);
  if (!name.includes('@')) return printResult(options, thing, () => thingText(thing));
  const found = versionOf(thing, version);
  if (!found)
    throw new Failure(EXIT.notFound, `${thing.name} has no version ${version}; the newest is ${thing.latestVersion}.`);
  const { files } = await catalogue.of(client).manifest(ref, found.version);
  printResult(options, { ...found, files }, () => versionText(thing, found, files));
}

function thingText(thing: Thing): string {
  const about = facts([
    ['name', thing.name],
    ['id', thing.id],
    ['description', thing.description],
    ['tags', thing.tags.join(', ')],
    ['visible to', thing.visibility],
    ['owner', thing.ownerId],
  ]);
  return `${about}\n\n${table(thing.versions.toReversed(), versionColumns(Date.now()), { width: process.stdout.columns, empty: 'No versions yet.' })}`;
}

function versionColumns(now: number): Column<Version>[] {
  return [
    { title: 'version', value: ({ version }) => version, align: 'right' },
    { title: 'made', value: ({ createdAt }) => formatAge(createdAt, now) },
    { title: 'files', value: ({ manifest }) => manifest.fileCount, align: 'right' },
    { title: 'size', value: ({ manifest }) => formatBytes(manifest.sizeBytes), align: 'right' },
    { title: 'digest', value: ({ manifest }) => manifest.digest.slice(0, 12), style: () => 'dim' },
    { title: 'from', value: origin },
  ];
}

function origin(version: Version): string {
  if ('kind' in version && version.lineage) {
    const { jobId, metrics } = version.lineage;
    return `${version.kind}, job ${shortId(jobId ?? '')}  ${metricsText(metrics)}`;
  }
  const names = version.uploads.map(({ filename }) => filename).join(', ');
  return 'kind' in version ? `${version.kind}, ${names}` : names;
}

function versionText(thing: Thing, version: Version, files: Manifest['files']): string {
  const about = facts([
    ['version', `${thing.name}@${version.version}`],
    ['digest', version.manifest.digest],
    ['size', formatBytes(version.manifest.sizeBytes)],
    ['made', formatAge(version.createdAt, Date.now())],
    ...lineageFacts(version),
  ]);
  const columns: Column<Manifest['files'][number]>[] = [
    { title: 'size', value: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
    { title: 'sha-256', value: ({ digest }) => digest.slice(0, 12), style: () => 'dim' },
    { title: 'path', value: ({ path }) => path },
  ];
  return `${about}\n\n${table(files, columns)}`;
}

function lineageFacts(version: Version): (readonly [string, string | number | undefined])[] {
  if (!('kind' in version)) return [];
  const { kind, lineage } = version;
  if (!lineage) return [['kind', kind]];
  return [
    ['kind', kind],
    ['job', `${lineage.jobId}, attempt ${lineage.attempt}`],
    ['node', lineage.nodeId],
    ['code', lineage.code && `${lineage.code.modelId}@${lineage.code.version}`],
    ['datasets', lineage.datasets.map(({ datasetId, version: number }) => `${datasetId}@${number}`).join(', ')],
    ['metrics', metricsText(lineage.metrics)],
  ];
}
