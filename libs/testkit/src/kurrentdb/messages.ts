// KurrentDB's messages on the wire, built and read with the definitions that its own client was generated from.
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import type { SupportedMethods } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statuses from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import type { Status } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import type { AppendResult, Expected, LoggedEvent, ProposedEvent, ReadRange } from './log.ts';

const TICKS_PER_MS = 10_000n;

export function nameOf(identifier: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

function identifierOf(stream: string) {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}

export function expectedOf(options: BatchAppendReq.Options): Expected {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no-stream';
  return options.hasStreamExists() ? 'stream-exists' : Number(options.getStreamPosition());
}

export function proposedOf(request: BatchAppendReq): ProposedEvent[] {
  return request.getProposedMessagesList().map((message) => ({
    id: message.getId()?.getString() ?? '',
    type: message.getMetadataMap().get('type') ?? '',
    contentType: message.getMetadataMap().get('content-type') ?? '',
    metadata: message.getCustomMetadata_asU8(),
    data: message.getData_asU8(),
  }));
}

export interface ReadQuery extends ReadRange {
  readonly stream: string;
  readonly follows: boolean;
}

/** Null for what this server does not do: reads of all streams, filters, links. */
export function readQueryOf(request: ReadReq): ReadQuery | null {
  const options = request.getOptions();
  const stream = options?.getStream();
  if (options === undefined || stream === undefined || options.hasFilter()) return null;
  return {
    stream: nameOf(stream.getStreamIdentifier()),
    from: stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : Number(stream.getRevision()),
    backwards: options.getReadDirection() === 1,
    count: options.hasSubscription() ? Number.MAX_SAFE_INTEGER : Number(options.getCount()),
    follows: options.hasSubscription(),
  };
}

export function eventMessage(event: LoggedEvent): ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(event.id))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(String(event.position))
    .setPreparePosition(String(event.position))
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.contentType)
    .set('created', String(BigInt(event.atMs) * TICKS_PER_MS));
  const resolved = new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(event.position));
  return new streams.ReadResp().setEvent(resolved);
}

export function notFoundMessage(stream: string): ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifierOf(stream));
  return new streams.ReadResp().setStreamNotFound(notFound);
}

export function confirmationMessage(subscriptionId: string): ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId);
  return new streams.ReadResp().setConfirmation(confirmation);
}

export function appendedMessage(request: BatchAppendReq, stream: string, result: AppendResult): BatchAppendResp {
  const response = answerTo(request, stream);
  if (result.kind === 'wrong-expected-version') return response.setError(wrongExpectedVersion(result.current));
  const position = new shared.AllStreamPosition()
    .setCommitPosition(String(result.last.position))
    .setPreparePosition(String(result.last.position));
  const success = new streams.BatchAppendResp.Success()
    .setCurrentRevision(String(result.last.revision))
    .setPosition(position);
  return response.setSuccess(success);
}

export function tooLargeMessage(request: BatchAppendReq, stream: string, limitBytes: number): BatchAppendResp {
  const details = new shared.MaximumAppendSizeExceeded().setMaxappendsize(limitBytes);
  const bytes = details.serializeBinary();
  return answerTo(request, stream).setError(statusOf(bytes, 'MaximumAppendSizeExceeded', 'The append is too large.'));
}

export function supportedMethodsMessage(): SupportedMethods {
  const methods = ['read', 'append', 'batchappend'].map((name) =>
    new features.SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName(name),
  );
  return new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('25.1.0');
}

function answerTo(request: BatchAppendReq, stream: string): BatchAppendResp {
  return new streams.BatchAppendResp()
    .setCorrelationId(request.getCorrelationId())
    .setStreamIdentifier(identifierOf(stream));
}

function wrongExpectedVersion(current: number): Status {
  const details = new shared.WrongExpectedVersion();
  if (current >= 0) details.setCurrentStreamRevision(String(current));
  return statusOf(details.serializeBinary(), 'WrongExpectedVersion', 'Wrong expected version.');
}

/** google.rpc.Status with its details packed as the server packs them. */
function statusOf(details: Uint8Array, name: string, message: string): Status {
  const packed = new any.Any();
  packed.pack(details, `event_store.client.${name}`);
  return new statuses.Status().setMessage(message).setDetails(packed);
}
