// A scenario as a line that can be given back: what differs from what its seed says.
import { PlatformError } from '@baton/errors';
import { FAULT_KINDS, type Fault, type FaultKind } from './fault-list.ts';
import { type Scenario, scenarioOf } from './simulation.ts';

/** `kind@at/target/ms`, joined by commas; `-` for none. */
export function faultsText(faults: readonly Fault[]): string {
  return faults.map(({ at, kind, target, ms }) => `${kind}@${at}/${target}/${ms}`).join(',') || '-';
}

export function readFaults(text: string): Fault[] {
  return text === '-' ? [] : text.split(',').map(readFault);
}

const FAULT = /^([a-z-]+)@(\d+)\/(\d+)\/(-?\d+)$/;

function readFault(text: string): Fault {
  const [, kind = '', at, target, ms] = FAULT.exec(text) ?? [];
  if (!isKind(kind))
    throw new PlatformError(
      'invalid_input',
      `"${text}" is no fault: kind@at/target/ms, one of ${FAULT_KINDS.join(', ')}.`,
    );
  return { kind, at: Number(at), target: Number(target), ms: Number(ms) };
}

function isKind(text: string): text is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(text);
}

/** Ordinals of the seed's requests that are left, joined by commas. */
export function requestsText({ seed, requests }: Scenario): string {
  const all = scenarioOf(seed).requests.map((request) => JSON.stringify(request));
  return requests.map((request) => all.indexOf(JSON.stringify(request))).join(',') || '-';
}

export function traceOf(scenario: Scenario): string {
  const broken = scenario.broken?.length ? ` --break ${scenario.broken.join(',')}` : '';
  return `--from ${scenario.seed} --faults ${faultsText(scenario.faults)} --requests ${requestsText(scenario)}${broken}`;
}
