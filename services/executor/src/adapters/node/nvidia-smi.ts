// Asks nvidia-smi for the cards: all at once, or one by one where a lost card keeps it from answering for the others.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { type GpuAnswer, type RememberedDevice } from '../../domain/gpu-memory.ts';
import { GPU_QUERY, parseGpuQuery } from '../../domain/gpu-query.ts';
import {
  busIdOf,
  type GpuCard,
  hasInstances,
  LISTING,
  parseGpuXml,
  parseLostCards,
  XML_QUERY,
} from '../../domain/gpu-xml.ts';

/** A driver in trouble can hang for minutes. */
const TIMEOUT_MS = 20_000;
/** Dozens of cards with hundreds of processes. */
const MAX_OUTPUT_BYTES = 32 * 2 ** 20;
const DRIVER_FOLDER = '/proc/driver/nvidia/gpus';

export interface NvidiaSmiOptions {
  /** The tool itself. */
  readonly tool: string;
  readonly path: string;
  /** Where the driver lists its cards, by bus id. */
  readonly driverFolder?: string;
}

export async function askNvidiaSmi(options: NvidiaSmiOptions, before: readonly RememberedDevice[]): Promise<GpuAnswer> {
  const whole = await run(options, XML_QUERY);
  if (whole.timedOut)
    return { cards: [], lost: [], failure: `the driver did not answer within ${TIMEOUT_MS / 1_000} s` };
  const cards = await cardsIn(options, whole);
  if (cards !== null) return { cards, lost: parseLostCards(whole.text), failure: null };
  return askOneByOne(options, whole, before);
}

async function askOneByOne(
  options: NvidiaSmiOptions,
  whole: Said,
  before: readonly RememberedDevice[],
): Promise<GpuAnswer> {
  const lost = parseLostCards(whole.text);
  const failure = firstLine(whole.text) || 'nvidia-smi gives no answer';
  const lostIds = new Set(lost.map(({ busId }) => busId));
  const busIds = new Set([...before.map(({ busId }) => busId), ...(await listedByDriver(options))]);
  const others = [...busIds].filter((busId) => busId !== '' && !lostIds.has(busId)).toSorted();
  if (others.length === 0) return { cards: await cardsByQuery(options), lost, failure };
  const cards: GpuCard[] = [];
  for (const busId of others) {
    const said = await run(options, [...XML_QUERY, '-i', busId]);
    lost.push(...parseLostCards(said.text));
    cards.push(...((await cardsIn(options, said)) ?? []));
  }
  return { cards, lost, failure };
}

async function cardsIn(options: NvidiaSmiOptions, said: Said): Promise<GpuCard[] | null> {
  const listing = hasInstances(said.output) ? (await run(options, LISTING)).output : '';
  return parseGpuXml(said.output, listing);
}

/** The older form, for a driver whose cards nothing else names: it has the healthy cards beside the lines of broken ones. */
async function cardsByQuery(options: NvidiaSmiOptions): Promise<GpuCard[]> {
  const { devices } = parseGpuQuery((await run(options, GPU_QUERY)).text);
  return devices.map(({ index: _index, ...device }) => ({ busId: '', devices: [device], fault: null }));
}

async function listedByDriver({ driverFolder = DRIVER_FOLDER }: NvidiaSmiOptions): Promise<string[]> {
  const names = await readdir(driverFolder).catch(() => []);
  return names.flatMap((name) => busIdOf(name) ?? []);
}

interface Said {
  readonly output: string;
  /** With what it said on standard error. */
  readonly text: string;
  readonly timedOut: boolean;
}

/** Never rejects. */
function run({ tool, path }: NvidiaSmiOptions, args: readonly string[]): Promise<Said> {
  const env = { PATH: path, HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8' };
  const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
  return new Promise((resolve) => {
    execFile(tool, [...args], { env, ...limits, encoding: 'utf8' }, (error, output, errors) =>
      resolve({ output, text: `${output}\n${errors}`, timedOut: error?.killed === true }),
    );
  });
}

function firstLine(text: string): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? '';
  return line.trim().slice(0, 200);
}
