// What speaks JetStream, one by one: a simulation puts it on a network and a server of its own.
export { decodeCommit } from '../stored-commit.ts';
export { appendPublication } from './append.ts';
export { JetStreamWriter } from './jetstream-writer.ts';
export { publication } from './publication.ts';
export { apiRequest, type ApiReply } from './request.ts';
export { type StreamApi, streamApi } from './stream-api.ts';
