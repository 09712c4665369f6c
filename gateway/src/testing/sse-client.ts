// A small reader of server-sent events.
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: unknown;
}

export async function* readEvents(response: Response): AsyncGenerator<ReceivedEvent> {
  if (!response.body || response.status !== 200)
    throw new Error(`no event stream: ${response.status} ${await response.text()}`);
  let buffer = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += text;
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const event = parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 2);
      if (event) yield event;
    }
  }
}

function parse(block: string): ReceivedEvent | null {
  const fields = new Map(
    block
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const data = fields.get('data');
  return data === undefined
    ? null
    : { id: fields.get('id'), type: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown };
}
