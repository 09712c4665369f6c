// The view of output: what a terminal would show, and nothing that a terminal would do.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeText, TerminalLines, terminalPiece } from './terminal-text.ts';

function linesOf(pieces: readonly string[]): string {
  const lines = new TerminalLines();
  return pieces.map((piece) => lines.push(piece)).join('') + lines.flush();
}

/** What stands on an endlessly wide terminal in the end: a return goes to the line's begin, and what comes then stands for all of it. */
function terminal(pieces: readonly string[]): string[] {
  const lines = [''];
  let returned = false;
  for (const character of pieces.join('')) {
    if (character === '\n') lines.push('');
    else if (character !== '\r') lines.push((returned ? '' : (lines.pop() ?? '')) + character);
    if (returned && character !== '\r' && character !== '\n') lines.splice(-2, 1);
    returned = character === '\r';
  }
  return lines;
}

const pieces = fc.array(
  fc.array(fc.constantFrom('a', 'b', '가', '\r', '\n', '\r\n'), { maxLength: 6 }).map((all) => all.join('')),
);

describe('lines', () => {
  it('show the last state of a progress bar, however the output is cut', () => {
    expect(linesOf([' 0%|   |\r 50', '%|#  |\r', '100%|###|\r\ndone\r', '\n'])).toBe('100%|###|\ndone\n');
    fc.assert(
      fc.property(pieces, (cut) => {
        expect(linesOf(cut).split('\n')).toEqual(terminal(cut));
      }),
    );
  });
  it('are cut where they are endless, in bounded memory', () => {
    const lines = new TerminalLines();
    for (let count = 0; count < 100; count += 1) expect(lines.push('x'.repeat(10_000))).toBe('');
    expect(lines.push('\nnext\n')).toBe(`${'x'.repeat(8_192)}…\nnext\n`);
  });
});

describe('pieces', () => {
  it('leave on a terminal what the output itself would', () => {
    fc.assert(
      fc.property(pieces, (cut) => {
        expect(terminal(cut.map(terminalPiece))).toEqual(terminal(cut));
      }),
    );
  });
  it('hold one state of a line and no more', () => {
    const bar = Array.from({ length: 1_000 }, (_, index) => `\r${index}%`).join('');
    expect(terminalPiece(bar)).toBe('\r999%');
    expect(terminalPiece(`${bar}\n${bar}\r`)).toBe('\r999%\n999%\r');
  });
});

describe('text for a terminal', () => {
  it('keeps colours, and nothing that moves, renames or rings', () => {
    expect(safeText('\u001b[31mred\u001b[0m \u001b[2Aup \u001b]0;title\u0007 bell\u0007 nul\0 c1\u009b31m\ttab')).toBe(
      '\u001b[31mred\u001b[0m up  bell nul\u{FFFD} c1\u{FFFD}31m\ttab',
    );
  });
  it('holds no control character but those, whatever the output', () => {
    const allowed = new RegExp(`${'\u001b'}\\[[\\d;:]*m|[\\n\\r\\t]`, 'g');
    const unit = fc.oneof(
      fc.nat(0x9f).map((code) => String.fromCodePoint(code)),
      fc.constantFrom('\u001b[', '\u001b]', '31', 'm', ';', '가'),
    );
    fc.assert(
      fc.property(fc.array(unit), (all) => {
        const rest = safeText(all.join('')).replaceAll(allowed, '');
        expect(/\p{Cc}/u.test(rest)).toBe(false);
      }),
    );
  });
});
