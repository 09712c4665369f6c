// Node by node: what a waiting job lacks there, who holds it since when and until when, and what is promised or booked ahead.
import type { Holder, JobWord, WhyFact } from '@baton/contracts';
import type { WaitingJob } from './engine-model.ts';
import { admits } from './node-profile.ts';
import { remaining } from './remaining.ts';
import { type Fact, listed, mayHoldMs, nodeWord, spoken, type WhyContext } from './why-model.ts';
import type { NodeVerdict } from './why-not.ts';

const MOST_NODES = 16;
const MOST_HOLDERS = 16;
const MOST_PROMISES = 10;

/** A summary, then the nodes that could hold it when empty, then those that never could. */
export function nodeFacts(job: WaitingJob, context: WhyContext): WhyFact[] {
  const { engine, now } = context;
  const verdicts = engine.cluster.whyNot(engine.ask(job), now);
  const able = verdicts.filter(({ code }) => code !== 'no-node');
  const unable = verdicts.filter(({ code }) => code === 'no-node');
  const shown = [...able, ...unable].slice(0, MOST_NODES);
  const unsuited = new Set(unable.map(({ nodeId }) => nodeId));
  return [
    ...promisesAhead(job, unsuited, context),
    ...bookingsInTheWay(job, unsuited, context),
    summary(job, verdicts, context),
    ...shown.map((verdict) => nodeFact(verdict, context)),
  ];
}

function summary(job: WaitingJob, verdicts: readonly NodeVerdict[], { engine }: WhyContext): Fact<'nodes'> {
  const counts: Record<string, number> = {};
  for (const { code } of verdicts) counts[code] = (counts[code] ?? 0) + 1;
  const all = [...engine.nodes()].length;
  const fits = all - verdicts.length;
  if (fits > 0) counts['fits'] = fits;
  const needs = job.shape.nodes;
  const where = needs === 1 ? 'it would fit now' : `a part of it would fit now; it needs ${needs} at once`;
  const able = all - (counts['no-node'] ?? 0);
  const message =
    all === 0
      ? 'No node has joined yet.'
      : `Of ${all} ${all === 1 ? 'node' : 'nodes'}, ${able} could hold it; on ${fits} ${where}.`;
  return { code: 'nodes', message, counts };
}

function nodeFact({ nodeId, code: why, lacks, heldBy }: NodeVerdict, context: WhyContext): Fact<'node'> {
  const { engine, now } = context;
  const node = nodeWord(engine, nodeId);
  const held = heldBy.slice(0, MOST_HOLDERS).map((jobId) => holder(jobId, context));
  const told = { lacks, heldBy: held, more: heldBy.length - held.length };
  const inLine = why === 'no-node' ? [] : lineOf(nodeId, context);
  const line = inLine.length === 0 ? '' : `; in line there already: ${listed(inLine.map(spoken))}`;
  const message = `${node.nodeName}: ${nodeWords(why, told, now)}${line}.`;
  return { code: 'node', message, ...node, why, lacks: [...lacks], heldBy: held, inLine };
}

function lineOf(nodeId: string, { engine, word }: WhyContext): JobWord[] {
  const there = [...engine.placed()].filter(
    ({ waiting, parts }) => waiting && parts.some((part) => part.nodeId === nodeId),
  );
  const first = there.toSorted((a, b) => a.placedAt - b.placedAt).slice(0, MOST_HOLDERS);
  return first.map(({ job }) => word(job.id));
}

interface Told {
  readonly lacks: readonly string[];
  readonly heldBy: readonly Holder[];
  /** Holders that are not named. */
  readonly more: number;
}

function nodeWords(why: NodeVerdict['code'], { lacks, heldBy, more }: Told, now: number): string {
  const others = lacks.length === 0 ? '' : `; ${lacks.join('; ')}`;
  if (why === 'no-node') return `can't hold it: ${lacks.join('; ')}`;
  if (why === 'node-unreachable') return `is not heard from${others}`;
  if (why === 'node-cordoned') return `takes no new jobs for now${others}`;
  if (why === 'booked') return `by its time limit it would run into a booking for others${others}`;
  const who = why === 'reserved' ? listed(heldBy.map(({ job }) => spoken(job))) : holding(heldBy, more, now);
  if (why === 'reserved') return `what is free is kept for ${who}${others}`;
  const short = { 'cpus-busy': 'too little CPU is free, ', 'memory-busy': 'too little memory is free, ' };
  return `${why in short ? short[why as keyof typeof short] : ''}${who}${others}`;
}

function holding(heldBy: readonly Holder[], more: number, now: number): string {
  if (heldBy.length === 0) return 'not enough of it is in service';
  const [only] = heldBy;
  if (only && heldBy.length === 1) return `held by ${spoken(only.job)}${sinceWords(only, now)}${untilWords(only, now)}`;
  const ends = heldBy.flatMap(({ until }) => until ?? []);
  const first = ends.length === 0 ? '' : `, the first of them for at most ${remaining(Math.min(...ends) - now)} more`;
  const names = heldBy.map(({ job }) => spoken(job));
  return `held by ${listed(names, { of: names.length + more })}${first}`;
}

function sinceWords({ since }: Holder, now: number): string {
  return since === null ? '' : ` for ${remaining(now - since)}`;
}

function untilWords({ since, until }: Holder, now: number): string {
  if (until !== null) return until > now ? `, for at most ${remaining(until - now)} more` : ', past its time limit';
  return since === null ? '' : ', without a time limit';
}

export function holder(jobId: string, { engine, word }: WhyContext): Holder {
  const attempt = engine.placedAttempt(jobId);
  const since = attempt?.since ?? null;
  if (!attempt || since === null) return { job: word(jobId), since: null, until: null };
  const byLimit = attempt.job.limitMs === null ? Infinity : since + attempt.job.limitMs + attempt.graceMs;
  const byStop = attempt.stoppingSince == null ? Infinity : attempt.stoppingSince + attempt.graceMs;
  const until = Math.min(byLimit, byStop);
  return { job: word(jobId), since, until: until === Infinity ? null : until };
}

/** On nodes that could hold it; of its class or a higher one. */
function promisesAhead(job: WaitingJob, unsuited: ReadonlySet<string>, context: WhyContext): WhyFact[] {
  const { engine, now, word } = context;
  const own = engine.priority(job.className);
  const facts: WhyFact[] = [];
  for (const other of engine.queueIndex.reserved()) {
    const { id, className, reservation } = other;
    if (id === job.id || !reservation || engine.priority(className) < own) continue;
    if (reservation.nodeIds.every((nodeId) => unsuited.has(nodeId))) continue;
    const nodes = reservation.nodeIds.map((nodeId) => nodeWord(engine, nodeId));
    const where = listed(nodes.map(({ nodeName }) => nodeName));
    const message = `${spoken(word(id))} was promised a start on ${where} ${inTime(reservation.at, now)}; nobody may delay it.`;
    facts.push({ code: 'promised-ahead', message, job: word(id), at: reservation.at, nodes });
    if (facts.length === MOST_PROMISES) break;
  }
  return facts;
}

export function inTime(at: number, now: number): string {
  return at <= now ? 'as soon as it is free' : `in ${remaining(at - now)} at the latest`;
}

function bookingsInTheWay(job: WaitingJob, unsuited: ReadonlySet<string>, { engine, now }: WhyContext): WhyFact[] {
  const until = now + mayHoldMs(engine, job);
  return engine.bookings.flatMap((booking): WhyFact[] => {
    const { id: bookingId, nodeId, devices, from } = booking;
    if (engine.node(nodeId) === undefined || unsuited.has(nodeId) || admits(booking, job.owner)) return [];
    if (from >= until || booking.until <= now) return [];
    const node = nodeWord(engine, nodeId);
    const when = from <= now ? `for another ${remaining(booking.until - now)}` : `from in ${remaining(from - now)} on`;
    const what = devices === null ? node.nodeName : `${listed(devices)} of ${node.nodeName}`;
    const message = `${what} is booked for others ${when}; its time limit reaches into that.`;
    const listedDevices = devices === null ? null : [...devices];
    return [{ code: 'booking', message, bookingId, ...node, devices: listedDevices, from, until: booking.until }];
  });
}
