// The shared vocabulary: schemas of events, commands, queries and REST bodies; NATS subjects; error codes.
export {
  AttemptNumber,
  strict,
  ID_PATTERN,
  ID_PREFIX,
  Id,
  Name,
  Ref,
  Digest,
  Timestamp,
  Bytes,
  Version,
  Tags,
  Labels,
  fits,
  issuesOf,
  type AggregateName,
  type IdKind,
  type Issue,
  PastMoment,
} from './schema.ts';
export {
  Role,
  Visibility,
  Principal,
  Ownership,
  canRead,
  canWrite,
  couldAndCanRead,
  systemPrincipal,
  type Owned,
} from './access.ts';
export { ERROR_CODES, type ErrorCode } from './error-codes.ts';
export { ENVELOPE_VERSION, StoredEvent, Commit } from './commit.ts';
export { ManifestFile, Manifest, ManifestSummary, UploadedBlob, isWeightsFile } from './manifest.ts';
export { DEVICE_PARTS, partOf, TWENTIETHS_OF_DEVICE, twentiethsOf } from './device-part.ts';
export { durationText, parseDurationMs, parseSizeBytes, sizeText } from './units.ts';
export { DEFAULT_POLICY, KeptContent, ORDERS, Policy, PriorityClass, Quota, Retention } from './policy.ts';
export {
  ArrayPlace,
  JobSpec,
  MAX_ARRAY_JOBS,
  PinnedAfter,
  PinnedVersion,
  PinnedCode,
  PinnedDataset,
  PinnedSpec,
} from './job-spec.ts';
export { PolicyDocument, QuotaDocument, RetentionDocument } from './policy-document.ts';
export {
  EVENTS_STREAM,
  JOBS_STREAM,
  LOGS_STREAM,
  METRICS_STREAM,
  STREAM_SUBJECTS,
  subjects,
  REST_METRICS,
  LOG_HEADER_OFFSET,
  LOG_HEADER_AT,
  ROLES,
  inboxPrefix,
  mayCall,
  mayExtendStream,
  rolePermissions,
  type StreamName,
  type AgentOperation,
  type NatsRole,
  type RolePermissions,
} from './subjects.ts';
export { type AgentKey, natsAuthorization, type NatsUser } from './nats-authorization.ts';
export { type NatsServerConfig, natsServerConfig } from './nats-server-config.ts';
export {
  MemberRole,
  userEvents,
  inviteEvents,
  groupEvents,
  TokenKind,
  tokenEvents,
  secretEvents,
  NameKind,
  nameEvents,
} from './events/user.ts';
export { DetailsChange, datasetEvents, Lineage, ModelVersionKind, modelEvents } from './events/data.ts';
export {
  Behind,
  MetricValues,
  EndReason,
  AttemptOutput,
  AttemptResult,
  OutputPositions,
  jobEvents,
  Device,
  NodeDescription,
  nodeEvents,
  RankPlace,
  Rendezvous,
  StartForecast,
  TimeRange,
} from './events/job.ts';
export { EndpointTarget, endpointEvents } from './events/endpoint.ts';
export { RemovalReason, RetainedContent, retentionEvents } from './events/retention.ts';
export { ExpiredContent, RetentionSweep, retentionRpc, SweepRequest } from './rpc/retention.ts';
export { calendarEvents, POLICY_ID, policyEvents } from './events/policy.ts';
export {
  EVENT_CATALOGUE,
  EVENT_VERSIONS,
  type EventVersions,
  type EventsOf,
  type UserEvent,
  type InviteEvent,
  type GroupEvent,
  type TokenEvent,
  type SecretEvent,
  type NameEvent,
  type DatasetEvent,
  type ModelEvent,
  type JobEvent,
  type NodeEvent,
  type EndpointEvent,
  type PolicyEvent,
  type CalendarEvent,
  type RetentionEvent,
} from './events/catalogue.ts';
export { RequestMeta, RpcRequest, WireError, rpc, type RpcReply, type Rpc } from './rpc/rpc.ts';
export { Empty, Changed, ById, PageQuery, page, Stamped } from './rpc/common.ts';
export {
  Email,
  UserRef,
  UserView,
  TokenView,
  GroupView,
  ResolvedGroup,
  SecretName,
  SecretView,
  SignUp,
  LogIn,
  LoggedIn,
  CreateInvite,
  Invited,
  CreateToken,
  TokenCreated,
  SetSecret,
  userRpc,
} from './rpc/user.ts';
export {
  VersionRef,
  CreateThing,
  UpdateThing,
  DatasetVersionView,
  DatasetView,
  AddDatasetVersion,
  VersionAdded,
  Resolve,
  ResolveModel,
  ResolvedDataset,
  ResolvedModel,
  datasetRpc,
  ModelVersionView,
  ModelView,
  AddModelVersion,
  modelRpc,
} from './rpc/data.ts';
export { GangPlace, RankView } from './rpc/gang.ts';
export { ChangedJobs, isFinal, JOB_STATES, JobListing, JobStateName, JobSubmission } from './rpc/jobs.ts';
export { WaitCode, WaitReason, AttemptView, JobView, JobEventView, schedulerRpc } from './rpc/scheduler.ts';
export {
  AddNode,
  JoinNode,
  NodeAdded,
  NodeChange,
  NodeDraining,
  NodeStateName,
  NodeView,
  RemoveNode,
  ShareNode,
} from './rpc/nodes.ts';
export { DesiredAttempt, DesiredSet, Fact, agentRpc } from './rpc/agent.ts';
export { MetricName, MetricPoint, SYSTEM_METRICS } from './rpc/metrics.ts';
export {
  DeviceGaps,
  GAP_CATEGORIES,
  type GapCategory,
  GapCosts,
  GapInterval,
  GapTotals,
  GapsQuery,
  GapsView,
} from './rpc/gaps.ts';
export {
  ApplyPolicy,
  CheckPolicy,
  PolicyApplied,
  PolicyChange,
  PolicyCheck,
  PolicyVersion,
  PolicyView,
  policyRpc,
} from './rpc/policy.ts';
export {
  ExpectedTimes,
  ForecastStats,
  forecastRpc,
  NoForecastCode,
  RunTimeForecast,
  StatsView,
  WaitingFigures,
  WhatIf,
  WhatIfRow,
  WhatIfView,
} from './rpc/forecast.ts';
export {
  Holder,
  JobWord,
  OVERTAKING_CODES,
  type OvertakingCode,
  Overtaker,
  OvertakersView,
  QueueItem,
  QueueQuery,
  QueueView,
  queueRpc,
  WhyFact,
  WhyView,
} from './rpc/queue.ts';
export { BookingState, BookingView, CancelBooking, ListBookings, MakeBooking, bookingRpc } from './rpc/booking.ts';
export { EndpointState, EndpointView, CreateEndpoint, UpdateEndpoint, servingRpc } from './rpc/serving.ts';
