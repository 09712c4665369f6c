// Reservations as people make them, cancel them and see them.
import {
  type BookingView,
  type Device,
  type ListBookings,
  type MakeBooking,
  parseDurationMs,
  type Principal,
} from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { Booked } from '../domain/calendar.ts';
import type { KnownNode } from '../domain/ledger.ts';
import type { BookingRequest, Bookings } from './bookings.ts';
import { type Directory, type Kind, lookUp } from './directory.ts';
import { keysetPage, type ListPage } from './keyset-page.ts';
import type { Nodes } from './nodes.ts';
import type { Calendars } from './past-calendars.ts';
import type { Caller } from './ports.ts';
import { requireAdmin } from './require-admin.ts';

export interface BookingAdminPorts {
  readonly bookings: Bookings;
  readonly nodes: Pick<Nodes, 'find'>;
  readonly directory: Directory;
  /** The same for a repeated idempotency key of the same caller. */
  readonly newBookingId: (principal: Principal, idempotencyKey: string | undefined) => string;
  readonly now: () => number;
  /** As they were: `at` as in `RequestMeta`. */
  readonly past: (at: string) => Promise<Calendars>;
}

export class BookingAdmin {
  readonly #ports: BookingAdminPorts;

  constructor(ports: BookingAdminPorts) {
    this.#ports = ports;
  }

  async make(request: BookingRequest, wanted: MakeBooking): Promise<{ id: string; revision: number }> {
    const by = requireAdmin(request.caller);
    const { bookings, newBookingId, now } = this.#ports;
    const node = this.#node(wanted.node);
    const devices = wanted.devices === undefined ? null : devicesOf(wanted.devices, node);
    const people = await this.#people(request.caller, wanted);
    const from = wanted.from ?? now();
    const until = from + durationOf(wanted.for);
    const { principal, meta } = request.caller;
    const id = newBookingId(principal, meta.idempotencyKey);
    const terms = { id, nodeId: node.id, devices, from, until, ...people, reason: wanted.reason ?? '', by };
    const { state } = await bookings.change(node.id, { type: 'Book', booking: terms, now: now() }, request);
    return { id, revision: state.bookings.get(id)?.revision ?? state.revision };
  }

  async cancel(request: BookingRequest, { id, reason = '' }: { readonly id: string; readonly reason?: string }) {
    const by = requireAdmin(request.caller);
    const { nodeId } = this.#booked(id);
    const { bookings, now } = this.#ports;
    const { ifRevision } = request.caller.meta;
    const seen = ifRevision === undefined ? {} : { ifRevision };
    const command = { type: 'CancelBooking', bookingId: id, reason, by, now: now(), ...seen } as const;
    const { state } = await bookings.change(nodeId, command, request);
    return { id, revision: state.bookings.get(id)?.revision ?? state.revision };
  }

  async get({ meta }: Caller, id: string): Promise<BookingView> {
    if (meta.waitForRevision !== undefined) await this.#ports.bookings.waitForRevision(id, meta.waitForRevision);
    const calendars = await this.#calendars(meta.at);
    const found = calendars.booked.find((booked) => booked.id === id);
    if (!found) throw noSuchReservation(id);
    return viewIn(calendars, found);
  }

  /** By their beginning. */
  async list({ meta }: Caller, { node, all = false, ...page }: ListBookings): Promise<ListPage<BookingView>> {
    const calendars = await this.#calendars(meta.at);
    const { now } = calendars;
    const nodeId = node === undefined ? null : (calendars.node(node) ?? noSuchNode(node)).id;
    const shown = calendars.booked.filter((booked) => {
      const isWanted = nodeId === null || booked.nodeId === nodeId;
      return isWanted && (all || (booked.cancelled === null && booked.until > now));
    });
    const found = keysetPage(shown, startKey, page);
    return { ...found, items: found.items.map((booked) => viewIn(calendars, booked)) };
  }

  async #calendars(at: string | undefined): Promise<Calendars> {
    const { bookings, nodes, now, past } = this.#ports;
    if (at !== undefined) return past(at);
    return {
      now: now(),
      booked: bookings.all(),
      node: (ref) => {
        const found = nodes.find(ref);
        return found && { id: found.id, name: found.state.description.name };
      },
    };
  }

  #booked(id: string): Booked {
    const found = this.#ports.bookings.find(id);
    if (!found) throw noSuchReservation(id);
    return found;
  }

  #node(ref: string): KnownNode {
    return this.#ports.nodes.find(ref) ?? noSuchNode(ref);
  }

  async #people(caller: Caller, { users = [], groups = [], repair = false }: MakeBooking) {
    const isForNobody = users.length + groups.length === 0;
    if (isForNobody && !repair) refuse('/users', 'is missing: say for which users or groups, or that it is a `repair`');
    if (!isForNobody && repair) refuse('/repair', 'is for nobody: leave it out, or leave out users and groups');
    const wanted: [Kind, string][] = [
      ...users.map((ref): [Kind, string] => ['user', ref]),
      ...groups.map((ref): [Kind, string] => ['group', ref]),
    ];
    const find = await lookUp(this.#ports.directory, caller, wanted);
    const ids = (kind: Kind, refs: readonly string[]) => {
      const found = refs.map(
        (ref, index) => find(kind, ref) ?? refuse(`/${kind}s/${index}`, `names no ${kind}: "${ref}"`),
      );
      return [...new Set(found)];
    };
    return { userIds: ids('user', users), groupIds: ids('group', groups) };
  }
}

function viewIn({ node, now }: Calendars, booked: Booked): BookingView {
  const { madeAt, ...terms } = booked;
  return {
    ...terms,
    devices: booked.devices && [...booked.devices],
    userIds: [...booked.userIds],
    groupIds: [...booked.groupIds],
    state: stateOf(booked, now),
    nodeName: node(booked.nodeId)?.name ?? booked.nodeId,
    createdAt: madeAt,
    updatedAt: booked.cancelled?.at ?? madeAt,
  };
}

function noSuchReservation(id: string): PlatformError {
  return new PlatformError('not_found', `There is no reservation ${id}.`);
}

function noSuchNode(ref: string): never {
  return refuse('/node', `names no node: "${ref}"; \`baton node list\` shows them`);
}

function startKey({ from, id }: Booked): string {
  return `${String(from).padStart(16, '0')} ${id}`;
}

function stateOf({ cancelled, from, until }: Booked, now: number): BookingView['state'] {
  if (cancelled) return 'cancelled';
  if (until <= now) return 'over';
  return from <= now ? 'current' : 'coming';
}

function durationOf(duration: number | string): number {
  const ms = typeof duration === 'number' ? Math.round(duration * 1_000) : parseDurationMs(duration);
  return ms ?? refuse('/for', `is not a duration: "${duration}"; write for example "4h"`);
}

/** Their ids; a number is that of a GPU, or of a CPU slot where there are no GPUs. */
function devicesOf(refs: readonly string[], { state: { description } }: KnownNode): string[] {
  const { devices, name } = description;
  const kind = devices.some((device) => device.kind === 'gpu') ? 'gpu' : 'cpu';
  const idOf = (ref: string): Device | undefined =>
    devices.find(({ id }) => id === ref) ??
    devices.find((device) => device.kind === kind && String(device.index) === ref);
  const found = refs.map((ref, index) => {
    const device = idOf(ref);
    if (device) return device.id;
    const known = devices.map(({ id }) => id).join(', ');
    return refuse(`/devices/${index}`, `names no device of ${name}: "${ref}"; it has ${known || 'none'}`);
  });
  return [...new Set(found)];
}

function refuse(pointer: string, detail: string): never {
  const issues = [{ pointer, detail }];
  throw new PlatformError('invalid_input', `The reservation is not valid: ${pointer} ${detail}.`, { issues });
}
