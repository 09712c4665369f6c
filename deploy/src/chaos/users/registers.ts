// Several users who write the same few aggregates, each write on condition of the revision before it; all goes into the history.
import { setTimeout as sleep } from 'node:timers/promises';
import { send, type SentCommand } from '../command-sender.ts';
import type { Told } from '../history.ts';
import { violated } from '../tally.ts';
import { command, type Run } from './run.ts';

const REGISTERS = 6;
const WRITERS = 3;
const PAUSE_MS = 120;
/** How often a writer whose answer does not come lets the matter rest. */
const GIVES_UP = 0.2;

export interface Registers {
  /** Ids of the datasets whose descriptions are written. */
  readonly ids: readonly string[];
  /** Writes that were let rest: they may take effect once, later, or never. */
  readonly resting: SentCommand[];
}

interface Seen {
  revision: number;
}

export async function makeRegisters(run: Run): Promise<Registers> {
  const ids: string[] = [];
  for (let number = 0; number < REGISTERS; number += 1) {
    const name = `register-${number}`;
    const op = run.history.invoke('maker', name, { kind: 'write', expected: 0, value: '' });
    const outcome = await command(run, { method: 'POST', path: '/datasets', body: { name }, key: name });
    if (outcome.kind !== 'ok') throw new Error(`${name} could not be made`);
    run.history.tell(op, { type: 'ok', revision: 1, value: '' });
    ids.push(String(outcome.body['id']));
  }
  return { ids, resting: [] };
}

export async function writeRegisters(run: Run, registers: Registers): Promise<void> {
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(run, registers, `writer-${number}`)));
}

async function writer(run: Run, { ids, resting }: Registers, process: string): Promise<void> {
  const seen = ids.map((): Seen => ({ revision: 1 }));
  for (let count = 0; !run.over.aborted; count += 1) {
    const number = Math.floor(run.random() * ids.length);
    const [id, last] = [ids[number] ?? '', seen[number] ?? { revision: 1 }];
    if (run.random() < 0.4) await read(run, { id, process, register: `register-${number}` }, last);
    else {
      const rested = await write(run, { id, process, register: `register-${number}` }, last, `${process} ${count}`);
      if (rested) resting.push(rested);
    }
    await sleep(PAUSE_MS * run.random());
  }
}

interface At {
  readonly id: string;
  readonly process: string;
  readonly register: string;
}

async function read(run: Run, { id, process, register }: At, last: Seen): Promise<void> {
  const op = run.history.invoke(process, register, { kind: 'read' });
  const told = await readDataset(run, id);
  run.history.tell(op, told);
  if (told.type === 'ok') last.revision = Math.max(last.revision, told.revision);
}

/** `atLeast`: it waits until the read model has come so far. */
export async function readDataset({ scene }: Run, id: string, atLeast?: number): Promise<Told> {
  try {
    const query = atLeast === undefined ? '' : `?waitForRevision=${atLeast}`;
    const response = await fetch(`${scene.caller.url}/api/v1/datasets/${id}${query}`, {
      headers: { authorization: `Bearer ${scene.caller.token}` },
      signal: AbortSignal.timeout(3_000),
    });
    if (!response.ok) return { type: 'fail' };
    const { revision, description } = (await response.json()) as { revision: number; description: string };
    return { type: 'ok', revision, value: description };
  } catch {
    return { type: 'fail' };
  }
}

/** Gives the command if it was let rest. */
async function write(run: Run, { id, process, register }: At, last: Seen, value: string): Promise<SentCommand | null> {
  const expected = last.revision;
  const sent: SentCommand = {
    method: 'PATCH',
    path: `/datasets/${id}`,
    body: { description: value },
    key: value,
    ifRevision: expected,
  };
  run.tally.commands += 1;
  const op = run.history.invoke(process, register, { kind: 'write', expected, value });
  const isPatient = run.random() > GIVES_UP;
  const outcome = await send(
    run.scene.caller,
    sent,
    () => (isPatient ? run.patienceUntil() : 0),
    () => (run.tally.unknownAnswers += 1),
  );
  if (outcome.kind === 'ok') {
    last.revision = Number(outcome.body['revision']);
    run.history.tell(op, { type: 'ok', revision: last.revision, value });
    return null;
  }
  run.history.tell(op, { type: outcome.kind === 'refused' ? 'fail' : 'unknown' });
  if (outcome.kind === 'unknown') return sent;
  if (outcome.code === 'revision_mismatch') await read(run, { id, process, register }, last);
  else violated(run.tally, 'commandsRefused', `${value}: ${outcome.status} ${outcome.code}: ${outcome.detail}`);
  return null;
}
