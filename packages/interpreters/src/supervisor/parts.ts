import type { BufferStore } from "./buffer-store.js";
import type { Children } from "./children.js";
import type { Collector } from "./collector.js";
import type { Deadlines } from "./deadlines.js";
import type { Deaths } from "./deaths.js";
import type { SupervisorObserver } from "./observer.js";

/** The objects that a pass works on. Each is the only owner of its state. */
export interface Parts {
  readonly buffers: BufferStore;
  readonly children: Children;
  readonly collector: Collector;
  readonly deadlines: Deadlines;
  readonly deaths: Deaths;
  readonly observing: Observing;
}

export interface Observing {
  /** The observer of the process, if it has one. */
  observer: SupervisorObserver | undefined;
  /** Looks again whether anything does. */
  look(): void;
}
