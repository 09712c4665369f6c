// How the demo tells its story: headings, lines, and progress on one line where the terminal can.
const isTerminal = process.stdout.isTTY;
const paint = (code: number) => (text: string) =>
  isTerminal && !process.env['NO_COLOR'] ? `\u001B[${code}m${text}\u001B[0m` : text;

export const bold = paint(1);
export const green = paint(32);

let step = 0;

export function heading(text: string): void {
  step += 1;
  process.stdout.write(`\n${bold(`${step}. ${text}`)}\n`);
}

export function line(text: string): void {
  process.stdout.write(`   ${text}\n`);
}

export function done(text: string): void {
  line(`${green('✓')} ${text}`);
}

/** A bar of `width` characters for a share from 0 to 1. */
export function bar(share: number, width = 24): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

/** Rewrites the present line; without a terminal only the last state is printed. */
export function progress(text: string, isLast: boolean): void {
  if (isTerminal) process.stdout.write(`\r\u001B[2K   ${text}${isLast ? '\n' : ''}`);
  else if (isLast) line(text);
}
