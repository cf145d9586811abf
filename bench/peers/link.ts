/** The interface of the queue cases: two ends, the far one in another thread. */

import type { PayloadKind } from "./payloads.js";

/** Messages that go one way, from one thread to another. */
export interface OneWay {
  /** Sends `count` messages. Returns when the receiver has all of them. */
  send(count: number): Promise<void>;
  stop(): void | Promise<void>;
}

/** A message there and back, `count` times. */
export interface PingPong {
  run(count: number): void | Promise<void>;
  stop(): void | Promise<void>;
}

export interface OneWayMaker {
  readonly name: string;
  readonly ours?: boolean;
  make(kind: PayloadKind): Promise<OneWay>;
}

export interface PingPongMaker {
  readonly name: string;
  readonly ours?: boolean;
  make(): Promise<PingPong>;
}
