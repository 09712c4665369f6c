// When jobs are expected to start and to end, how good such forecasts were, and what would have been with other rules or nodes.
import { Type, type Static, type TSchema } from 'typebox';
import { TimeRange } from '../events/job.ts';
import { PolicyDocument } from '../policy-document.ts';
import { Id, Ref, Timestamp, strict } from '../schema.ts';
import { rpc } from './rpc.ts';

const Count = Type.Integer({ minimum: 0 });
const Ratio = Type.Number({ minimum: 0, maximum: 1 });
const Sentence = Type.String({ description: 'one sentence for people' });
const orNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);

/** Whose run times a forecast goes by, from the most alike; the last three go by the time limit. */
export const ForecastBasis = Type.Union([
  Type.Literal('same-job'),
  Type.Literal('same-model'),
  Type.Literal('same-name'),
  Type.Literal('same-user'),
  Type.Literal('limits-of-user'),
  Type.Literal('limits-of-all'),
  Type.Literal('limit'),
  Type.Literal('default-limit'),
]);
export const RunTimeForecast = strict({
  lowMs: Count,
  medianMs: Count,
  highMs: Count,
  basis: ForecastBasis,
  /** So many earlier runs were looked at. */
  samples: Count,
});
export type RunTimeForecast = Static<typeof RunTimeForecast>;

/** Why nothing can be said of a start. */
export const NoForecastCode = Type.Union([
  Type.Literal('held'),
  Type.Literal('waiting-for-job'),
  Type.Literal('array-limit'),
  Type.Literal('array-incomplete'),
  Type.Literal('no-node'),
  /** More jobs stand ahead of it than are looked at. */
  Type.Literal('too-far-back'),
  /** It does not start in each of the futures that were played through, or too few could be. */
  Type.Literal('not-foreseeable'),
  /** It takes longer than an answer may: soon it is there. */
  Type.Literal('being-reckoned'),
]);
export type NoForecastCode = Static<typeof NoForecastCode>;

/** Expected, never promised: from learned run times, and as if nobody submitted anything meanwhile. */
export const ExpectedTimes = strict({
  /** When it was reckoned. */
  at: Timestamp,
  /** Null once it runs, and where `code` says why. */
  start: orNull(TimeRange),
  end: orNull(TimeRange),
  /** How likely the truth is to lie in a range; null where nothing is said, and while too few forecasts have been judged to know. */
  confidence: orNull(Ratio),
  /** From a start to the end; null for those who may not read the job. */
  runTime: orNull(RunTimeForecast),
  code: orNull(NoForecastCode),
  message: Sentence,
});
export type ExpectedTimes = Static<typeof ExpectedTimes>;

/** Of the newest forecasts that came true or not, at most 1,000; null where there are none. */
export const ForecastStats = strict({
  jobs: Count,
  medianAbsoluteErrorSeconds: orNull(Type.Number()),
  /** As a part of what was forecast. */
  medianRelativeErrorRatio: orNull(Type.Number()),
  /** Of so many it was said how sure the range was; the next two are of those. */
  ranges: Count,
  /** How many lay within it; to be near `confidence`. */
  coverageRatio: orNull(Ratio),
  medianWidthSeconds: orNull(Type.Number()),
});
export type ForecastStats = Static<typeof ForecastStats>;
export const StatsView = strict({
  at: Timestamp,
  jobs: strict({ queued: Count, notYet: Count, inLine: Count, running: Count }),
  forecasts: strict({
    /** Of the ranges. */
    confidence: Ratio,
    /** How long jobs ran, forecast when they were submitted. */
    runTime: ForecastStats,
    /** When jobs that had to wait started, forecast when they had begun to wait. */
    start: ForecastStats,
    end: ForecastStats,
  }),
});
export type StatsView = Static<typeof StatsView>;

export const WaitingFigures = strict({ mean: Type.Number(), p90: Type.Number(), worst: Type.Number() });
export type WaitingFigures = Static<typeof WaitingFigures>;
export const WhatIfRow = strict({
  jobs: Count,
  /** In seconds, from when they could have started to when they first did: in the log, */
  really: WaitingFigures,
  /** replayed with the policy and the nodes that there are, */
  replayed: WaitingFigures,
  /** and with what was asked for; null where nothing was. */
  whatIf: orNull(WaitingFigures),
});
export type WhatIfRow = Static<typeof WhatIfRow>;
export const WhatIfView = strict({
  since: Timestamp,
  until: Timestamp,
  /** Of all nodes together, as they are now. */
  devices: Count,
  /** The node that the added ones are like; null: none was added. */
  added: orNull(strict({ nodes: Count, like: Type.String(), devices: Count })),
  totals: WhatIfRow,
  /** The caller's own; all users' for admins. */
  users: Type.Array(strict({ userId: Id, ...WhatIfRow.properties })),
  /** What was left out, or is replayed otherwise than it was. */
  notes: Type.Array(Sentence),
});
export type WhatIfView = Static<typeof WhatIfView>;
export const WhatIf = strict({
  /** Milliseconds since the Unix epoch; seven days ago if absent. */
  since: Type.Optional(Timestamp),
  policy: Type.Optional(PolicyDocument),
  addNodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  /** The node that added ones are like; if absent, the one with most GPUs. */
  like: Type.Optional(Ref),
});
export type WhatIf = Static<typeof WhatIf>;

export const forecastRpc = {
  stats: rpc('rpc.scheduler.stats', strict({}), StatsView),
  /** Changes nothing. */
  whatIf: rpc('rpc.scheduler.what-if', WhatIf, WhatIfView),
} as const;
