// What a chaos run counts, and what it found that must not be.

export interface Tally {
  kills: number;
  pauses: number;
  restarts: number;
  powerCuts: number;
  jobs: number;
  /** Of them, those that were lost more than five times, and failed of it: as promised. */
  gaveUp: number;
  attempts: number;
  commands: number;
  /** Answers on the way that said nothing definite. */
  unknownAnswers: number;
  uploads: number;
  inferences: number;
  lost: number;
  doubled: number;
  logLinesLost: number;
  metricsLost: number;
  checkpointsLost: number;
  artifactsCorrupt: number;
  uploadsLost: number;
  /** Acknowledged, and without effect. */
  commandsLost: number;
  /** Without a definite answer, when all was up again. */
  commandsUnknown: number;
  /** Refused, with an answer that the state did not justify. */
  commandsRefused: number;
  inferencesWrong: number;
  linearizable: boolean;
  /** Between two commands that went through, one of which is sent every tenth of a second. */
  maxUnavailabilityMs: number;
  /** The same of inference. */
  maxServingUnavailabilityMs: number;
  readonly violations: string[];
}

type Violation =
  | 'lost'
  | 'doubled'
  | 'logLinesLost'
  | 'metricsLost'
  | 'checkpointsLost'
  | 'artifactsCorrupt'
  | 'uploadsLost'
  | 'commandsLost'
  | 'commandsUnknown'
  | 'commandsRefused'
  | 'inferencesWrong';

export function newTally(): Tally {
  return {
    kills: 0,
    pauses: 0,
    restarts: 0,
    powerCuts: 0,
    jobs: 0,
    gaveUp: 0,
    attempts: 0,
    commands: 0,
    unknownAnswers: 0,
    uploads: 0,
    inferences: 0,
    lost: 0,
    doubled: 0,
    logLinesLost: 0,
    metricsLost: 0,
    checkpointsLost: 0,
    artifactsCorrupt: 0,
    uploadsLost: 0,
    commandsLost: 0,
    commandsUnknown: 0,
    commandsRefused: 0,
    inferencesWrong: 0,
    linearizable: true,
    maxUnavailabilityMs: 0,
    maxServingUnavailabilityMs: 0,
    violations: [],
  };
}

export function violated(tally: Tally, which: Violation, words: string, count = 1): void {
  tally[which] += count;
  tally.violations.push(`${which}: ${words}`);
}
