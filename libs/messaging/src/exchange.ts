// The services of one process: their requests to one another, in the same bytes and with the same grants, without the way to nats-server.
import { mayCall, type NatsRole, type RpcReply } from '@baton/contracts';
import type { RawRequest } from './answer.ts';

/** Answers a request; never rejects. */
export type LocalHandler = (request: RawRequest) => Promise<RpcReply>;

export class Exchange {
  readonly #handlers = new Map<string, LocalHandler>();
  /** By role and subject. */
  readonly #grants = new Map<string, boolean>();

  /** Until the returned function is called. */
  serve(subject: string, handler: LocalHandler): () => void {
    this.#handlers.set(subject, handler);
    return () => {
      if (this.#handlers.get(subject) === handler) this.#handlers.delete(subject);
    };
  }

  /** Who answers here; null sends the request over NATS, which also refuses what the role may not call. */
  handlerFor(role: NatsRole, subject: string): LocalHandler | null {
    const handler = this.#handlers.get(subject);
    return handler && this.#mayCall(role, subject) ? handler : null;
  }

  #mayCall(role: NatsRole, subject: string): boolean {
    const key = `${role} ${subject}`;
    let granted = this.#grants.get(key);
    if (granted === undefined) this.#grants.set(key, (granted = mayCall(role, subject)));
    return granted;
  }
}
