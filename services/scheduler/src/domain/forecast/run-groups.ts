// Which earlier runs a job is likely to be like: groups from the most alike to the least. Pure.
import type { PinnedSpec } from '@baton/contracts';
import { allDevices, engineShapeOf } from '../schedule/engine-shape.ts';
import { classOf } from '../schedule/limit-class.ts';
import { groupKey, type KeyPart } from './group-key.ts';

/** What a run time may depend on, as far as the log knows it. */
export interface RunOf {
  readonly userId: string;
  readonly spec: PinnedSpec;
}

/** By whose run times a job's is told; the last three by the time limit. */
export type ForecastBasis =
  | 'same-job'
  | 'same-model'
  | 'same-name'
  | 'same-user'
  | 'limits-of-user'
  | 'limits-of-all'
  | 'limit'
  | 'default-limit';

export interface RunGroup {
  readonly basis: 'same-job' | 'same-model' | 'same-name' | 'same-user';
  readonly key: number;
}

/** What an array tells each of its jobs apart by. */
const ARRAY_NAMES = /^BATON_ARRAY_(?:INDEX|COUNT)$/;

/** All are the same user's. Who counts their runs (`train-7`) means the same thing by each, as do the jobs of an array. */
function runGroups({ userId, spec }: RunOf): readonly RunGroup[] {
  const { code, name, command, env, datasets, timeLimitMs } = spec;
  const shape = engineShapeOf(spec);
  const size = `${shape.deviceKind} ${allDevices(shape)}`;
  const title = name.replace(/[-_.]?\d+$/, '');
  const limit = timeLimitMs === null ? null : classOf(timeLimitMs);
  const variables = Object.entries(env).filter(([variable]) => !ARRAY_NAMES.test(variable));
  const group = (basis: RunGroup['basis'], ...by: readonly KeyPart[]): RunGroup => ({
    basis,
    key: groupKey(basis, userId, ...by),
  });
  const versions = datasets.map(({ digest }) => digest);
  const data = datasets.map(({ datasetId }) => datasetId);
  return [
    group('same-job', title, code?.digest ?? null, command, variables, versions, size, limit),
    ...(code === null ? [] : [group('same-model', code.modelId, data, size)]),
    group('same-name', title, size),
    group('same-user', size, limit),
  ];
}

/** So many are remembered at least. */
const RECENT = 1_024;

/** A job's groups are asked for when it is submitted, at each forecast and when it has run: what was found is kept for a while. */
export class RecentRunGroups {
  #newer = new Map<PinnedSpec, Found>();
  #older = new Map<PinnedSpec, Found>();

  of(run: RunOf): readonly RunGroup[] {
    const known = this.#newer.get(run.spec) ?? this.#older.get(run.spec);
    if (known?.userId === run.userId) return known.groups;
    if (this.#newer.size >= RECENT) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    const groups = runGroups(run);
    this.#newer.set(run.spec, { userId: run.userId, groups });
    return groups;
  }
}

interface Found {
  readonly userId: string;
  readonly groups: readonly RunGroup[];
}

/** The part of their limits that jobs run. */
export function ratioGroups({ userId }: Pick<RunOf, 'userId'>) {
  return [
    { basis: 'limits-of-user', key: groupKey('limits-of-user', userId) },
    { basis: 'limits-of-all', key: groupKey('limits-of-all') },
  ] as const;
}
