// The API as one page of HTML: readable without scripts, and without anything from another host.
import { ERROR_CODES } from '@baton/contracts';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

interface ShownOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: unknown;
  }[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
}

interface Shown {
  readonly info?: { readonly title?: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, unknown>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d6dce5}code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f3f5f8;padding:.75rem;overflow:auto;border-radius:6px}
summary{cursor:pointer;padding:.35rem 0}b.method{display:inline-block;min-width:4.5rem}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#dde3ec}pre{background:#1c232d}h2{border-color:#333d4b}a{color:#8ab4ff}}`;

export function renderDocs(document: unknown): string {
  const { info, paths = {} } = document as Shown;
  const groups = Map.groupBy(operationsOf(paths), ({ operation }) => operation.tags?.[0] || 'platform');
  const sections = [...groups].map(
    ([tag, entries]) => `<h2 id="${escape(tag)}">${escape(tag)}</h2>${entries.map(renderOperation).join('')}`,
  );
  const title = escape(info?.title ?? 'API');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} REST API</title>
<style>${STYLE}</style></head><body><h1>${title} REST API</h1><p>${escape(info?.description ?? '')}</p>
<p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<p>${[...groups.keys()].map((tag) => `<a href="#${escape(tag)}">${escape(tag)}</a>`).join(' · ')} · <a href="#errors">errors</a></p>
${sections.join('\n')}${renderErrors()}</body></html>`;
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: ShownOperation;
}

function operationsOf(paths: Readonly<Record<string, unknown>>): Entry[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, ShownOperation | undefined>)[method];
      return operation ? [{ method: method.toUpperCase(), path, operation }] : [];
    }),
  );
}

function renderOperation({ method, path, operation }: Entry): string {
  const title = `<b class="method">${method}</b><code>${escape(path)}</code> — ${escape(operation.summary ?? '')}`;
  const body = jsonSchema(operation.requestBody);
  const [status, answer] = Object.entries(operation.responses ?? {}).find(([key]) => key.startsWith('2')) ?? [
    '2xx',
    undefined,
  ];
  const parts = [
    renderParameters(operation),
    renderSchema('Body', body),
    renderSchema(`Answers ${status}`, jsonSchema(answer)),
  ];
  return `<details id="${escape(operation.operationId ?? path)}"><summary>${title}</summary>${parts.join('')}</details>`;
}

function jsonSchema(content: Content | undefined): unknown {
  return content?.content?.['application/json']?.schema;
}

function renderParameters({ parameters = [] }: ShownOperation): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${escape(name)}</code></td><td>${escape(place)}${required ? ', required' : ''}</td><td><code>${escape(JSON.stringify(schema))}</code></td></tr>`,
  );
  return `<table>${rows.join('')}</table>`;
}

function renderSchema(title: string, schema: unknown): string {
  return schema === undefined ? '' : `<p>${title}</p><pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { status, title }]) =>
      `<tr id="error-${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td></tr>`,
  );
  return `<h2 id="errors">errors</h2><table>${rows.join('')}</table>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
