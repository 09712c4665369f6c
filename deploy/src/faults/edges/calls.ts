// Questions and answers between processes over NATS: at most once each way, answered by any of those that serve, or by nobody.
import { fromWire, PlatformError, toWire } from '@baton/errors';
import type { Kernel, SimulatedProcess } from '../kernel/kernel.ts';
import type { Network } from './network.ts';

export interface Question {
  readonly operation: string;
  readonly from: string;
  readonly body: unknown;
}

type Answering = (question: Question) => Promise<unknown>;

interface Server {
  readonly process: SimulatedProcess;
  readonly answer: Answering;
}

export class Calls {
  readonly #kernel: Kernel;
  readonly #network: Network;
  #servers: Server[] = [];

  constructor(kernel: Kernel, network: Network) {
    this.#kernel = kernel;
    this.#network = network;
  }

  serve(process: SimulatedProcess, answer: Answering): void {
    this.#servers = this.#servers.filter((server) => server.process.alive);
    this.#servers.push({ process, answer });
  }

  /** Throws what was thrown, `unavailable` if nobody serves, `outcome_unknown` if no answer came in time. */
  call(process: SimulatedProcess, question: Question, timeoutMs: number): Promise<unknown> {
    const sent = copied(question);
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new PlatformError('outcome_unknown', 'No answer came.'));
      const timer = this.#kernel.schedule(process, timeoutMs, late);
      const heard = (settle: () => void): void => {
        timer.cancelled = true;
        settle();
      };
      const back = (settle: () => void) => this.#network.fromHub(process, () => heard(settle));
      this.#network.toHub(process.machine, () => {
        const able = this.#servers.filter((server) => server.process.alive);
        if (able.length === 0) {
          back(() => reject(new PlatformError('unavailable', 'Nobody answers.')));
          return;
        }
        const server = this.#kernel.oneOf(able);
        this.#ask(server, sent, {
          resolve: (value) => back(() => resolve(value)),
          reject: (error) => back(() => reject(error)),
        });
      });
    });
  }

  #ask({ process, answer }: Server, question: Question, settled: Settled): void {
    this.#network.fromHub(process, () => {
      const reply = (tell: () => void) => this.#network.toHub(process.machine, tell);
      answer(question).then(
        (value) => {
          const sent = copied(value);
          reply(() => settled.resolve(sent));
        },
        (error: unknown) => {
          const wire = toWire(error);
          reply(() => settled.reject(fromWire(wire)));
        },
      );
    });
  }
}

interface Settled {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** As it would be on the wire. */
export function copied<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
