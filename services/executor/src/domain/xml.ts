// Reads the plain XML that tools print: elements, attributes and text. No namespaces, no entities of a document's own.
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own, trimmed. */
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN = /<[?!][^>]*>|<(\/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)(\/?)>|([^<]+)|</g;
const ATTRIBUTE = /([A-Za-z_][\w.-]*)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The root element; null if the text is not one whole element, for instance since it was cut off. */
export function parseXml(text: string): XmlElement | null {
  const root: OpenElement = { name: '', attributes: {}, children: [], text: '' };
  const open: OpenElement[] = [root];
  for (const token of text.matchAll(TOKEN)) if (!take(token, open)) return null;
  return open.length === 1 && root.children.length === 1 ? (root.children[0] ?? null) : null;
}

/** False if the token can't stand where it does. The root stays open for ever. */
function take(
  [token, closing, name, attributes = '', selfClosing, content]: RegExpExecArray,
  open: OpenElement[],
): boolean {
  const innermost = open.at(-1);
  if (innermost === undefined) return false;
  if (content !== undefined) innermost.text += content;
  if (name === undefined) return token !== '<';
  if (closing) return leave(name, open);
  const element: OpenElement = { name, attributes: attributesOf(attributes), children: [], text: '' };
  if (selfClosing) innermost.children.push(closed(element));
  else open.push(element);
  return true;
}

function leave(name: string, open: OpenElement[]): boolean {
  const element = open.length > 1 ? open.pop() : undefined;
  if (element?.name !== name) return false;
  open.at(-1)?.children.push(closed(element));
  return true;
}

function closed(element: OpenElement): XmlElement {
  return { ...element, text: decoded(element.text.trim()) };
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, decoded(value)]));
}

function decoded(text: string): string {
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

/** The element at the path of names below this one. */
export function elementAt(element: XmlElement, path: string): XmlElement | undefined {
  let found: XmlElement | undefined = element;
  for (const name of path.split('/')) found = found?.children.find((child) => child.name === name);
  return found;
}

/** Its text; empty if there is no such element. */
export function textAt(element: XmlElement, path: string): string {
  return elementAt(element, path)?.text ?? '';
}

/** The element itself and all below it. */
export function* allWithin(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* allWithin(child);
}
