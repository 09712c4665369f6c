// What a verification has found, for people.
import type { VerifyReport } from '@baton/log-archive';

type StreamReport = VerifyReport['streams'][number];

export function reportText({ streams }: VerifyReport): string {
  return streams.map(streamText).join('\n');
}

function streamText({ stream, commits, events, position, fault, heads, sealedTo }: StreamReport): string {
  if (fault !== null) {
    const where = fault.subject === '' ? '' : ` (${fault.subject})`;
    return `${stream}  BAD at position ${fault.position}${where}: ${fault.why}`;
  }
  const seals = heads === 0 ? 'no sealed heads' : `${heads} sealed heads, the last at ${sealedTo}`;
  return `${stream}  good: ${commits} commits with ${events} events, up to position ${position}; ${seals}`;
}
