// Colours, where the stream is a terminal and NO_COLOR is not set.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

const STATE_STYLES: Readonly<Record<string, Style>> = {
  queued: 'yellow',
  assigned: 'cyan',
  starting: 'cyan',
  running: 'cyan',
  stopping: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'dim',
  ready: 'green',
  loading: 'cyan',
  reachable: 'green',
  unreachable: 'red',
  draining: 'yellow',
  cordoned: 'yellow',
  invited: 'dim',
  joining: 'cyan',
};

export function stateStyle(state: string): Style | undefined {
  return STATE_STYLES[state];
}
