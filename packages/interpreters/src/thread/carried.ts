/**
 * The texts that travel with work besides its arguments, by name, such as the `traceparent` of distributed tracing, which subscribers of one channel
 * give and subscribers of another one take. Without subscribers, neither side does anything.
 */
import { channel, type Channel } from "../platform/diagnostics.js";

/** Texts by name. */
export type Carrier = Record<string, string>;

/** The message of `interpreters:work:send`: work is about to be sent, in this asynchronous context. */
export interface WorkSendEvent {
  /** Subscribers put into it what must travel. */
  readonly carrier: Carrier;
}

/** The message of `interpreters:work:run`: work that a carrier came with is about to run. */
export interface WorkRunEvent {
  /** The texts that the sender's subscribers put into it. */
  readonly carrier: Readonly<Carrier>;
  /** The function's name, or what the work is. */
  readonly name: string;
  /** The id of the interpreter that executes it: this one. */
  readonly interpreterId: number;
  /**
   * Runs it; returns its result, perhaps a promise, or throws. A subscriber may put a function in its place that calls the former one, in a context of its
   * own (`AsyncLocalStorage`), and returns what that returns.
   */
  run: () => unknown;
}

const workSend: Channel = channel("interpreters:work:send");
const workRun: Channel = channel("interpreters:work:run");

/** What must travel with work that is being sent, or undefined for nothing. */
export function carried(): Carrier | undefined {
  if (!workSend.hasSubscribers) return undefined;
  const carrier: Carrier = {};
  workSend.publish({ carrier } satisfies WorkSendEvent);
  for (const _ in carrier) return carrier;
  return undefined;
}

/** Runs work that came with a carrier. */
export function runCarried(
  carrier: Carrier,
  name: string,
  interpreterId: number,
  run: () => unknown,
): unknown {
  const message: WorkRunEvent = { carrier, name, interpreterId, run };
  // Subscribers that only want a context bind a store to the channel.
  return workRun.runStores(message, () => message.run());
}
