// Checks requests against the contracts' schemas; query and path text becomes numbers and booleans where the schema has them.
import { parseInput } from '@baton/errors';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const isText = httpPart === 'querystring' || httpPart === 'params';
  return (data: unknown) => {
    try {
      return { value: parseInput(schema, isText ? fromText(schema, data as Record<string, unknown>) : data) };
    } catch (error) {
      return { error: error as Error };
    }
  };
};

interface PropertySchema {
  readonly type?: string;
  readonly anyOf?: readonly PropertySchema[];
}

/** What reads as the schema's type becomes it; the rest stays text, for the check to name. TypeBox's own conversion fails on the member `*`. */
export function fromText(schema: TSchema, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { properties = {} } = schema as { properties?: Readonly<Record<string, PropertySchema>> };
  const entries = Object.entries(data).map(([name, value]) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, property && typeof value === 'string' ? converted(property, value) : value] as const;
  });
  return Object.fromEntries(entries);
}

function converted(property: PropertySchema, text: string): unknown {
  const types = property.anyOf ? property.anyOf.map(({ type }) => type) : [property.type];
  if ((types.includes('integer') || types.includes('number')) && /^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
