// How wide text is on a terminal, and what must not reach one: control characters from other people's names and messages.
const WIDE =
  /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF01-\uFF60\p{Emoji_Presentation}]/u;
const ZERO_WIDTH = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

function characterWidth(character: string): number {
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Columns that `text` takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

const USUAL_WIDTH = 80;

/** Of what is no terminal, or does not know its width: the usual one. */
export function terminalWidth({ columns }: { readonly columns?: number | undefined }): number {
  return columns || USUAL_WIDTH;
}

/** At most `columns` wide; an ellipsis stands for what was cut. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** One line without control characters: an escape sequence in a name can't repaint the reader's terminal. */
export function plainLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
}
