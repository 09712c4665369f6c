// The small rules of HTTP that every route goes by.
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { AllowedMethods } from './allowed-methods.ts';
import { entityTag, ifRevisionOf, matchesTag } from './conditions.ts';
import { InFlight } from './in-flight.ts';
import { Type } from 'typebox';
import { fromText } from './validation.ts';
import { overrideMethod } from './method-override.ts';

describe('allowed methods', () => {
  const allowed = new AllowedMethods();
  allowed.add('GET', '/api/v1/jobs/:id');
  allowed.add('DELETE', '/api/v1/jobs/:id');
  allowed.add('GET', '/api/v1/jobs/:id/files/*');
  allowed.add('GET', '/openapi.json');
  it('knows a path by its pattern', () => {
    expect(allowed.of('/api/v1/jobs/j')).toEqual(['DELETE', 'GET', 'HEAD']);
    expect(allowed.of('/api/v1/jobs/j/files/a/b')).toEqual(['GET', 'HEAD']);
  });
  it('knows no other path', () => {
    for (const path of ['/api/v1/jobs', '/api/v1/jobs/', '/api/v1/jobs/j/x', '/openapixjson', '/x/api/v1/jobs/j'])
      expect(allowed.of(path)).toEqual([]);
  });
});

describe('the method override', () => {
  const overridden = (method: string, url: string, wanted: string) => {
    const request = { method, url, headers: { 'x-http-method-override': wanted } } as unknown as IncomingMessage;
    expect(overrideMethod(request)).toBe(url);
    return request.method;
  };
  it('turns POST under /api into PUT, PATCH or DELETE and nothing else', () => {
    expect(['PUT', 'patch', ' DELETE '].map((wanted) => overridden('POST', '/api/v1/x?y', wanted))).toEqual([
      'PUT',
      'PATCH',
      'DELETE',
    ]);
    expect(['GET', 'HEAD', 'OPTIONS', 'TRACE', ''].map((wanted) => overridden('POST', '/api/v1/x', wanted))).toEqual(
      Array(5).fill('POST'),
    );
    expect(['GET', 'PUT', 'HEAD'].map((sent) => overridden(sent, '/api/v1/x', 'DELETE'))).toEqual([
      'GET',
      'PUT',
      'HEAD',
    ]);
  });
  it('turns any method under /files into one of tus', () => {
    expect(['GET', 'POST', 'PUT'].map((sent) => overridden(sent, '/files/x', 'PATCH'))).toEqual(Array(3).fill('PATCH'));
    expect(overridden('POST', '/filesystem', 'PATCH')).toBe('POST');
    expect(overridden('POST', '/files/x', 'CONNECT')).toBe('POST');
  });
});

describe('conditions', () => {
  it('reads the tag that it wrote', () => {
    expect(ifRevisionOf(entityTag(7))).toBe(7);
    expect(ifRevisionOf('W/"7"')).toBe(7);
    expect(ifRevisionOf('*')).toBeUndefined();
    for (const bad of ['7', '"x"', '""', '"1", "2"']) expect(() => ifRevisionOf(bad)).toThrow('If-Match');
  });
  it('finds a tag in a list', () => {
    expect(matchesTag('"a", W/"b"', '"b"')).toBe(true);
    expect(matchesTag('*', '"b"')).toBe(true);
    expect(matchesTag('"a"', '"b"')).toBe(false);
  });
});

describe('requests in flight', () => {
  it('lets go of the key when the request has failed', async () => {
    const inFlight = new InFlight();
    const failing = () => Promise.reject(new Error('no'));
    await expect(inFlight.once('u', 'k', failing)).rejects.toThrow('no');
    expect(await inFlight.once('u', 'k', async () => 1)).toBe(1);
  });
});

describe('text of queries and paths', () => {
  const version = Type.Union([Type.Integer(), Type.Literal('latest')]);
  const schema = Type.Object({ '*': Type.String(), limit: Type.Integer(), active: Type.Boolean(), version });
  it('becomes what the schema has', () => {
    const read = fromText(schema, { '*': '7', limit: '5', active: 'true', version: '3' });
    expect(read).toEqual({ '*': '7', limit: 5, active: true, version: 3 });
  });
  it('stays text where it is none, and where nothing is known of it', () => {
    const data = {
      '*': 'a/b',
      limit: '5x',
      active: 'yes',
      version: 'latest',
      other: '1',
      constructor: '1',
      ['__proto__x']: '2',
    };
    expect(fromText(schema, data)).toEqual(data);
  });
});
