// The client of a Baton installation: one group of calls for each kind of thing.
import type {
  ChangedJobs,
  DatasetView,
  EndpointView,
  GapsQuery,
  GapsView,
  GroupView,
  JobEventView,
  JobSpec,
  JobSubmission,
  JobView,
  Manifest,
  ManifestFile,
  ManifestSummary,
  MemberRole,
  MetricPoint,
  ModelView,
  NodeView,
  Principal,
  SecretView,
  TokenView,
  UserView,
  Visibility,
} from '@baton/contracts';
import type { Changed, Page } from './answers.ts';
import { eventStream, type StreamOptions } from './event-stream.ts';
import { type ClientOptions, Http, type Query, type RequestOptions } from './http.ts';
import { PolicyCalls } from './policy-calls.ts';
import { QueueCalls } from './queue-calls.ts';
import { ReservationCalls } from './reservation-calls.ts';
import { RetentionCalls } from './retention-calls.ts';
import { type UploadOptions, uploadFile } from './upload.ts';

export interface VersionAdded extends Changed {
  readonly version: number;
  readonly manifest: ManifestSummary;
}
export interface LoggedIn {
  readonly token: string;
  readonly expiresAt: number | null;
  readonly user: UserView;
}
export interface ErasedUser extends Changed {
  readonly cancelledJobs: number;
  /** Datasets, models and endpoints. */
  readonly handedOver: number;
}
export interface AddedNode extends Changed {
  readonly token: string;
  readonly expiresAt: number;
  /** nats-server listens on the platform's machine alone: no other server can join. */
  readonly ownMachineOnly: boolean;
}
export interface NewThing {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly visibility?: Visibility;
  readonly group?: string;
}
export interface NewVersion {
  readonly uploads: readonly (string | { readonly uploadId: string; readonly path?: string })[];
  readonly unpack?: boolean;
}
/** One piece of a job's output. */
export interface LogEvent {
  readonly attempt: number;
  readonly output: 'stdout' | 'stderr';
  /** Bytes from the start of that output. */
  readonly offset: number;
  readonly at: number;
  readonly text: string;
  /** So many bytes before it are no longer in the stream. */
  readonly missing?: number;
}
/** What is searched for, and where. */
export interface LogQuery extends Query {
  readonly q: string;
  readonly ignoreCase?: boolean;
  readonly output?: 'stdout' | 'stderr' | undefined;
  readonly attempt?: number | undefined;
  /** Of a job on several nodes. */
  readonly rank?: number | undefined;
  readonly limit?: number;
  readonly cursor?: string | undefined;
}
export interface LogHit {
  readonly output: 'stdout' | 'stderr';
  readonly line: number;
  /** Of what was found: bytes from the start of that output. */
  readonly offset: number;
  readonly text: string;
}
export interface MetricQuery extends Query {
  readonly points?: number;
  readonly name?: string;
  readonly attempt?: number;
  readonly system?: boolean;
}
export interface NewMetrics {
  /** `BATON_ATTEMPT`. */
  readonly attempt?: number;
  readonly points: readonly {
    readonly step?: number;
    readonly values: Readonly<Record<string, number>>;
    readonly at?: number;
  }[];
}
/** The newest attempt that has any, if absent. */
export interface AttemptQuery extends Query {
  readonly attempt?: number | undefined;
  /** Of a job on several nodes; the first one's, 0, if absent. */
  readonly rank?: number | undefined;
}
export interface ArchiveQuery extends AttemptQuery {
  readonly format?: 'tar' | 'tar.gz' | 'zip';
}
export interface StoredFile extends ManifestFile {
  readonly mediaType: string;
  readonly kind: 'file' | 'weights';
  /** Of weights: `onnx`, `safetensors`, `pytorch`, `keras` or `joblib`. */
  readonly format?: string;
}
/** Artifacts or checkpoints of one attempt. */
export interface StoredFiles {
  readonly attempt: number;
  /** When they were stored. */
  readonly at: number;
  readonly manifest: ManifestSummary;
  readonly files: StoredFile[];
}
export type JobMetricPoint = MetricPoint & { readonly attempt: number };
/** Data of a `metric` event. */
export interface MetricEvent {
  readonly points: readonly JobMetricPoint[];
}

/** Datasets and models: named things with versions made of files. */
export class VersionedThings<View> {
  readonly #http: Http;
  readonly #path: string;

  constructor(http: Http, path: string) {
    this.#http = http;
    this.#path = path;
  }

  create = (thing: NewThing, options?: RequestOptions) =>
    this.#http.json<Changed>('POST', this.#path, { ...options, body: thing });
  list = (query?: Query) => this.#http.json<Page<View>>('GET', this.#path, withQuery(query));
  get = (ref: string, query?: Query) => this.#http.json<View>('GET', this.#at(ref), withQuery(query));
  update = (ref: string, change: Partial<NewThing>, options?: RequestOptions) =>
    this.#http.json<Changed>('PATCH', this.#at(ref), { ...options, body: change });
  delete = (ref: string) => this.#http.json<Changed>('DELETE', this.#at(ref));
  addVersion = (
    ref: string,
    version: NewVersion & { readonly kind?: string; readonly trained?: boolean },
    options?: RequestOptions,
  ) => this.#http.json<VersionAdded>('POST', `${this.#at(ref)}/versions`, { ...options, body: version });
  manifest = (ref: string, version: number | 'latest') =>
    this.#http.json<Manifest>('GET', `${this.#at(ref)}/versions/${version}/manifest`);
  /** One file's bytes; `range` as in the HTTP header. */
  file = (ref: string, version: number | 'latest', path: string, options?: RequestOptions) =>
    this.#http.raw('GET', `${this.#at(ref)}/versions/${version}/files/${encodePath(path)}`, options);

  #at(ref: string): string {
    return `${this.#path}/${encodeURIComponent(ref)}`;
  }
}

function withQuery(query: Query | undefined): RequestOptions {
  return query ? { query } : {};
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

export class BatonClient {
  readonly http: Http;
  readonly datasets: VersionedThings<DatasetView>;
  readonly models: VersionedThings<ModelView>;
  readonly policy: PolicyCalls;
  readonly reservations: ReservationCalls;
  readonly retention: RetentionCalls;
  readonly queue: QueueCalls;

  constructor(options: ClientOptions) {
    this.http = new Http(options);
    this.datasets = new VersionedThings(this.http, '/datasets');
    this.models = new VersionedThings(this.http, '/models');
    this.policy = new PolicyCalls(this.http);
    this.reservations = new ReservationCalls(this.http);
    this.retention = new RetentionCalls(this.http);
    this.queue = new QueueCalls(this.http);
  }

  readonly users = {
    signUp: (body: { token: string; email: string; name: string; password: string }) =>
      this.http.json<UserView>('POST', '/users', { body }),
    logIn: (body: { email: string; password: string }) => this.http.json<LoggedIn>('POST', '/sessions', { body }),
    logOut: () => this.http.json<unknown>('DELETE', '/sessions/current'),
    me: () => this.http.json<UserView>('GET', '/users/me'),
    list: (query?: Query) => this.http.json<Page<UserView>>('GET', '/users', withQuery(query)),
    get: (ref: string) => this.http.json<UserView>('GET', `/users/${encodeURIComponent(ref)}`),
    /** The person is forgotten for good; what they made stays, or is handed `to` somebody. */
    erase: (id: string, body: { to?: string; cancelJobs?: boolean } = {}) =>
      this.http.json<ErasedUser>('POST', `/users/${encodeURIComponent(id)}/erase`, { body }),
    invite: (body: { role?: Principal['role']; expiresInHours?: number }) =>
      this.http.json<{ id: string; token: string; expiresAt: number }>('POST', '/invites', { body }),
  };

  readonly tokens = {
    create: (body: { label: string; expiresInDays?: number }) =>
      this.http.json<{ id: string; token: string; expiresAt: number | null }>('POST', '/tokens', { body }),
    list: (query?: Query) => this.http.json<Page<TokenView>>('GET', '/tokens', withQuery(query)),
    revoke: (id: string) => this.http.json<Changed>('DELETE', `/tokens/${encodeURIComponent(id)}`),
  };

  readonly groups = {
    create: (name: string) => this.http.json<Changed>('POST', '/groups', { body: { name } }),
    list: () => this.http.json<Page<GroupView>>('GET', '/groups'),
    get: (ref: string) => this.http.json<GroupView>('GET', `/groups/${encodeURIComponent(ref)}`),
    /** `user` is an id or an e-mail address. */
    addMember: (ref: string, user: string, body: { role?: MemberRole } = {}) =>
      this.http.json<Changed>('PUT', memberPath(ref, user), { body }),
    removeMember: (ref: string, user: string) => this.http.json<Changed>('DELETE', memberPath(ref, user)),
  };

  readonly secrets = {
    set: (name: string, value: string) =>
      this.http.json<Changed>('PUT', `/secrets/${encodeURIComponent(name)}`, { body: { value } }),
    list: () => this.http.json<Page<SecretView>>('GET', '/secrets'),
    delete: (name: string) => this.http.json<Changed>('DELETE', `/secrets/${encodeURIComponent(name)}`),
  };

  readonly jobs = {
    submit: (spec: JobSpec, options?: RequestOptions) =>
      this.http.json<JobSubmission>('POST', '/jobs', { ...options, body: spec }),
    list: (query?: Query) => this.http.json<Page<JobView>>('GET', '/jobs', withQuery(query)),
    get: (id: string, query?: Query) => this.http.json<JobView>('GET', jobPath(id), withQuery(query)),
    /** Of a job or, by its id, of a whole array; as are the two that follow. */
    cancel: (id: string, reason?: string) =>
      this.http.json<ChangedJobs>('POST', `${jobPath(id)}/cancel`, { body: reason === undefined ? {} : { reason } }),
    /** It is not started until it is released. */
    hold: (id: string) => this.http.json<ChangedJobs>('POST', `${jobPath(id)}/hold`, { body: {} }),
    release: (id: string) => this.http.json<ChangedJobs>('POST', `${jobPath(id)}/release`, { body: {} }),
    rerun: (id: string, options?: RequestOptions) =>
      this.http.json<Changed>('POST', `${jobPath(id)}/rerun`, { ...options, body: {} }),
    events: (id: string) => this.http.json<{ items: JobEventView[] }>('GET', `${jobPath(id)}/events`),
    /** Of long series at most `points` each; all without it. `system`: what the agent has measured. */
    metrics: (id: string, query?: MetricQuery) =>
      this.http.json<{ items: JobMetricPoint[]; removedAt?: number }>(
        'GET',
        `${jobPath(id)}/metrics`,
        withQuery(query),
      ),
    /** From inside the job, with its own token. */
    addMetrics: (id: string, body: NewMetrics, options?: RequestOptions) =>
      this.http.json<{ accepted: number }>('POST', `${jobPath(id)}/metrics`, { ...options, body }),
    logs: async (id: string, query?: Query) =>
      (await this.http.raw('GET', `${jobPath(id)}/logs`, withQuery(query))).text(),
    /** One output's bytes as they were written; `range` as in the HTTP header. */
    rawLog: (id: string, options?: RequestOptions) => this.http.raw('GET', `${jobPath(id)}/logs/raw`, options),
    searchLogs: (id: string, query: LogQuery) =>
      this.http.json<Page<LogHit>>('GET', `${jobPath(id)}/logs/search`, withQuery(query)),
    artifacts: (id: string, query?: AttemptQuery) => this.#jobFiles(id, 'artifacts', query),
    artifact: (id: string, path: string, options?: RequestOptions) =>
      this.http.raw('GET', `${jobPath(id)}/artifacts/files/${encodePath(path)}`, options),
    /** All of them as one tar, tar.gz or zip. */
    artifactArchive: (id: string, query?: ArchiveQuery, options?: RequestOptions) =>
      this.http.raw('GET', `${jobPath(id)}/artifacts/archive`, { ...options, ...withQuery(query) }),
    /** What is stored of its checkpoint folder. */
    checkpoints: (id: string, query?: AttemptQuery) => this.#jobFiles(id, 'checkpoints', query),
    checkpoint: (id: string, path: string, options?: RequestOptions) =>
      this.http.raw('GET', `${jobPath(id)}/checkpoints/files/${encodePath(path)}`, options),
    checkpointArchive: (id: string, query?: ArchiveQuery, options?: RequestOptions) =>
      this.http.raw('GET', `${jobPath(id)}/checkpoints/archive`, { ...options, ...withQuery(query) }),
    followEvents: (id: string, options?: StreamOptions) =>
      eventStream(this.http, `${jobPath(id)}/events/stream`, options),
    followLogs: (id: string, options?: StreamOptions) => eventStream(this.http, `${jobPath(id)}/logs/stream`, options),
    followMetrics: (id: string, options?: StreamOptions) =>
      eventStream(this.http, `${jobPath(id)}/metrics/stream`, options),
  };

  readonly nodes = {
    list: () => this.http.json<Page<NodeView>>('GET', '/nodes'),
    get: (ref: string, query?: Query) => this.http.json<NodeView>('GET', nodePath(ref), withQuery(query)),
    /** A one-time token with which a server can join; it is shown this once. */
    add: (body: { name?: string; expiresInHours?: number } = {}, options?: RequestOptions) =>
      this.http.json<AddedNode>('POST', '/nodes', { ...options, body }),
    /** No new jobs for it. */
    cordon: (ref: string, reason?: string) =>
      this.http.json<Changed>('POST', `${nodePath(ref)}/cordon`, { body: reasonOf(reason) }),
    uncordon: (ref: string) => this.http.json<Changed>('POST', `${nodePath(ref)}/uncordon`, { body: {} }),
    /** How many jobs that ask for parts may share one of its devices; 1: none. */
    share: (ref: string, jobsPerDevice: number) =>
      this.http.json<Changed>('POST', `${nodePath(ref)}/share`, { body: { jobsPerDevice } }),
    /** Cordons it and tells which jobs it still has. */
    drain: (ref: string, reason?: string) =>
      this.http.json<Changed & { readonly jobs: string[] }>('POST', `${nodePath(ref)}/drain`, {
        body: reasonOf(reason),
      }),
    /** For good. `force`: the server is dead, and the jobs on it are to be queued again. */
    remove: (ref: string, query: { readonly force?: boolean; readonly reason?: string } = {}) =>
      this.http.json<Changed>('DELETE', nodePath(ref), { query }),
  };

  /** Where every second of every device went. */
  readonly gaps = (query?: GapsQuery) => this.http.json<GapsView>('GET', '/gaps', withQuery(query));

  readonly endpoints = {
    create: (body: {
      name: string;
      model: string;
      version?: number | 'latest';
      visibility?: Visibility;
      group?: string;
    }) => this.http.json<Changed>('POST', '/endpoints', { body }),
    update: (ref: string, body: { model?: string; version: number | 'latest' }) =>
      this.http.json<Changed>('PATCH', `/endpoints/${encodeURIComponent(ref)}`, { body }),
    list: () => this.http.json<Page<EndpointView>>('GET', '/endpoints'),
    get: (ref: string, query?: Query) =>
      this.http.json<EndpointView>('GET', `/endpoints/${encodeURIComponent(ref)}`, withQuery(query)),
    delete: (ref: string) => this.http.json<Changed>('DELETE', `/endpoints/${encodeURIComponent(ref)}`),
  };

  #jobFiles(id: string, noun: 'artifacts' | 'checkpoints', query: AttemptQuery | undefined): Promise<StoredFiles> {
    return this.http.json('GET', `${jobPath(id)}/${noun}`, withQuery(query));
  }

  /** Sends a file by tus; the id is what versions are made from. */
  upload(path: string, options?: UploadOptions) {
    return uploadFile(this.http, path, options);
  }
}

function memberPath(group: string, user: string): string {
  return `/groups/${encodeURIComponent(group)}/members/${encodeURIComponent(user)}`;
}

function nodePath(ref: string): string {
  return `/nodes/${encodeURIComponent(ref)}`;
}

function reasonOf(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
