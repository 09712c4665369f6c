// The scheduler's operations for people, on NATS.
import { type JobSpec, schedulerRpc } from '@baton/contracts';
import type { Call } from '@baton/messaging';
import { Answers } from '@baton/service-host';
import { Controller, Inject } from '@nestjs/common';
import { Jobs } from '../app/jobs.ts';
import { Queries } from '../app/queries.ts';
import { Submissions } from '../app/submissions.ts';

type CallOf<K extends keyof typeof schedulerRpc> = Call<(typeof schedulerRpc)[K]['request']>;

@Controller()
export class JobsController {
  readonly #jobs: Jobs;
  readonly #queries: Queries;
  readonly #submissions: Submissions;

  constructor(
    @Inject(Jobs) jobs: Jobs,
    @Inject(Queries) queries: Queries,
    @Inject(Submissions) submissions: Submissions,
  ) {
    this.#submissions = submissions;
    this.#jobs = jobs;
    this.#queries = queries;
  }

  @Answers(schedulerRpc.submit)
  submit(call: CallOf<'submit'>) {
    return this.#submissions.submit(call, call.body as JobSpec);
  }

  @Answers(schedulerRpc.cancel)
  cancel(call: CallOf<'cancel'>) {
    return this.#jobs.cancel(call, call.body.id, call.body.reason ?? '');
  }

  @Answers(schedulerRpc.hold)
  hold(call: CallOf<'hold'>) {
    return this.#jobs.hold(call, call.body.id);
  }

  @Answers(schedulerRpc.release)
  release(call: CallOf<'release'>) {
    return this.#jobs.release(call, call.body.id);
  }

  @Answers(schedulerRpc.rerun)
  rerun(call: CallOf<'rerun'>) {
    return this.#submissions.rerun(call, call.body.id);
  }

  @Answers(schedulerRpc.getJob)
  getJob(call: CallOf<'getJob'>) {
    return this.#queries.job(call, call.body.id);
  }

  @Answers(schedulerRpc.listJobs)
  listJobs(call: CallOf<'listJobs'>) {
    return this.#queries.jobs(call, call.body);
  }

  @Answers(schedulerRpc.jobEvents)
  async jobEvents(call: CallOf<'jobEvents'>) {
    return { items: await this.#jobs.events(call, call.body.id) };
  }
}
