// `baton log verify`.
import { resolve } from 'node:path';
import type { LogPlace } from '@baton/log-archive';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { EXIT } from '../../exit-codes.ts';
import { Failure, usage } from '../../failure.ts';
import { printResult } from '../../output/print.ts';
import { verb } from '../../verb.ts';
import { reportText } from './report-text.ts';

interface Options extends HomeOption {
  readonly json?: boolean;
  readonly store?: string;
  readonly export?: string;
  readonly heads?: string;
  readonly publicKey?: string;
}

export const verifyLog = () =>
  withHome(verb('verify', 'check every commit, the chains of hashes, and the sealed heads; names the first bad commit'))
    .option('--store <folder>', 'a copied JetStream folder, in place of a state folder')
    .option('--export <file>', 'a file of `baton log export`, in place of a state folder')
    .option('--heads <file>', 'sealed heads; default seals/heads.ndjson of the state folder')
    .option('--public-key <file>', 'PEM file of the key they are signed with; default that of the state folder')
    .action(run);

async function run(options: Options): Promise<void> {
  const report = await (await loadAdmin()).verifyLog(placeOf(options));
  const { badHeadLines } = report;
  const bad =
    badHeadLines.length === 0 ? '' : `\nThese lines of the file of heads are none: ${badHeadLines.join(', ')}.`;
  printResult(options, report, () => `${report.source}\n${reportText(report)}${bad}`);
  if (report.ok && badHeadLines.length === 0) return;
  throw new Failure(EXIT.failed, 'The log is not sound. Keep a copy of it as it is, and restore the last good backup.');
}

function placeOf({ store, export: archive, heads, publicKey, ...options }: Options): LogPlace {
  if (store !== undefined && archive !== undefined) throw usage('Give --store or --export, not both.');
  const paths = { store, archive, heads, publicKey };
  const given = Object.entries(paths).flatMap(([name, path]) => (path === undefined ? [] : [[name, resolve(path)]]));
  return { home: homeOf(options), ...Object.fromEntries(given) };
}
