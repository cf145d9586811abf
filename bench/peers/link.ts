/** What the queue cases need: two ends, and something in a thread at the far one. */

import type { PayloadKind } from "./payloads.js";

/** Messages that go one way, from one thread to another. */
export interface OneWay {
  /** Sends `count` messages and returns when the receiver has them all. */
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
