// The network: a star with the nats-server in its middle, as the platform's is. Each machine has one connection to it.
import type { Kernel, Machine, SimulatedProcess } from '../kernel/kernel.ts';

/** How a machine's connection is just now. */
export interface Weather {
  /** What it sends does not arrive. */
  outCut: boolean;
  /** What is sent to it does not arrive. */
  inCut: boolean;
  /** Nothing moves until then, and comes late. */
  stalledUntil: number;
  /** Up to so much later, each message. */
  slowMs: number;
  /** The probabilities that a message is lost, and that it arrives twice. */
  loss: number;
  twice: number;
  /** Messages overtake each other. */
  shuffled: boolean;
}

const FINE: Weather = { outCut: false, inCut: false, stalledUntil: 0, slowMs: 0, loss: 0, twice: 0, shuffled: false };
const [LEAST_MS, MOST_MS] = [0.2, 2];

export class Network {
  readonly #kernel: Kernel;
  readonly #weather = new Map<string, Weather>();
  readonly #lastArrival = new Map<string, number>();
  /** The nats-server's process; null while there is none. */
  hub: SimulatedProcess | null = null;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  weatherOf({ name }: Machine): Weather {
    const known = this.#weather.get(name) ?? { ...FINE };
    this.#weather.set(name, known);
    return known;
  }

  clear(machine: Machine): void {
    Object.assign(this.weatherOf(machine), FINE);
  }

  /** What is under way when the server dies is lost. */
  toHub(from: Machine, run: () => void): void {
    const { hub } = this;
    if (hub === null || this.weatherOf(from).outCut) return;
    this.#carry(from, 'out', (ms) => this.#kernel.schedule(hub, ms, run));
  }

  fromHub(to: SimulatedProcess, run: () => void): void {
    if (this.hub === null || this.weatherOf(to.machine).inCut) return;
    this.#carry(to.machine, 'in', (ms) => this.#kernel.schedule(to, ms, run));
  }

  #carry(machine: Machine, direction: 'in' | 'out', send: (ms: number) => void): void {
    const weather = this.weatherOf(machine);
    if (weather.loss > 0 && this.#kernel.chance(weather.loss)) return;
    send(this.#delay(machine, direction, weather));
    if (weather.twice > 0 && this.#kernel.chance(weather.twice)) send(this.#delay(machine, direction, weather));
  }

  #delay({ name }: Machine, direction: string, { slowMs, stalledUntil, shuffled }: Weather): number {
    const { now } = this.#kernel;
    const key = `${name} ${direction}`;
    const ms = this.#kernel.between(LEAST_MS, MOST_MS) + (slowMs > 0 ? this.#kernel.between(0, slowMs) : 0);
    const free = Math.max(now, stalledUntil) + ms;
    const arrival = shuffled ? free : Math.max(free, this.#lastArrival.get(key) ?? 0);
    this.#lastArrival.set(key, Math.max(arrival, this.#lastArrival.get(key) ?? 0));
    return arrival - now;
  }
}
