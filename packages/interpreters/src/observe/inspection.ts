/**
 * A snapshot of the process for `interpreters top`, made in the supervisor, which waits for no other thread: what the shared memory says is of
 * this moment; what only a thread knows (its pools, its event loop) is what it published last.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { process } from "../platform/process.js";
import { measuresThreads } from "../platform/threads.js";
import { clock } from "../base/clock.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import {
  H_SLOTS_USED,
  S_WHENCE,
  S_WORK,
  slotPointer,
  STATE_BOOTING,
  STATE_FINALIZING,
  STATE_READY,
  SUPERVISOR_SLOT,
} from "../memory/layout.js";
import { isExecuting } from "../kernel/executions.js";
import { observationsIn } from "../kernel/observations.js";
import { queueIdOf, sizeOf } from "../kernel/queue-state.js";
import { idOf, nameOf, slotOf, stateOf } from "../kernel/registry.js";
import type { Pointer } from "../memory/brands.js";
import type { Children } from "../supervisor/children.js";
import type { Whence } from "../interpreter/target.js";
import type { Labels } from "./labels.js";
import { channelName, type Published } from "./publishing.js";
import type { QueueState } from "./queue-states.js";

const STATES: Readonly<Record<number, string>> = {
  [STATE_BOOTING]: "booting",
  [STATE_READY]: "idle",
  [STATE_FINALIZING]: "closing",
};

/** By the value of S_WHENCE. */
const WHENCE: readonly Whence[] = ["unknown", "runtime init", "interpreters module", "worker_threads"];

/** Milliseconds: a heap is asked for again. */
const HEAP_EVERY = 1_000;

type Worker = NonNullable<ReturnType<Children["threadOf"]>>;
interface Busy {
  readonly worker: Worker;
  last: ReturnType<Worker["performance"]["eventLoopUtilization"]>;
  utilisation: number | undefined;
  heap: number | undefined;
  asked: number;
}

export class Inspection {
  #queues: readonly QueueState[] = [];
  #queuesAt = 0;
  /** How many watch. */
  watchers = 0;
  readonly #m: SharedMemory;
  readonly #children: Children;
  readonly #labels: Labels;
  /** By interpreter: what it published last, and when. */
  readonly #published = new Map<number, Published & { readonly at: number }>();
  readonly #busy = new Map<number, Busy>();

  constructor(m: SharedMemory, children: Children, labels: Labels) {
    this.#m = m;
    this.#children = children;
    this.#labels = labels;
    const channel = new BroadcastChannel(channelName);
    const listen = channel as unknown as EventTarget;
    listen.addEventListener("message", (event) => {
      const { data } = event as unknown as { data: Published };
      this.#published.set(data.id, { ...data, at: clock() });
      // Snapshots, which forget them as well, may never be asked for.
      if (this.#published.size > load(m, H_SLOTS_USED)) this.#forgetDead();
    });
  }

  #forgetDead(): void {
    for (const known of [this.#published, this.#busy])
      for (const id of known.keys()) if (slotOf(this.#m, id as InterpreterId) === -1) known.delete(id);
  }

  get isWatched(): boolean {
    return this.watchers > 0;
  }

  /** The last pass found the queues like this. */
  lookedAt(queues: readonly QueueState[]): void {
    this.#queues = queues;
    this.#queuesAt = process.uptime();
  }

  terminate(id: number): boolean {
    this.#children.adoptGiven();
    const slot = slotOf(this.#m, id as InterpreterId);
    if (slot === -1 || this.#children.threadOf(slot) === undefined) return false;
    this.#children.terminate(id as InterpreterId, "terminated");
    return true;
  }

  snapshot(): object {
    const m = this.#m;
    const interpreters = [];
    const end = load(m, H_SLOTS_USED);
    for (let slot = 0 as Slot; slot < end; slot++) {
      const state = STATES[stateOf(m, slot)];
      if (slot !== SUPERVISOR_SLOT && state !== undefined) interpreters.push(this.#interpreter(slot, state));
    }
    this.#forgetDead();
    const { rss } = process.memoryUsage();
    return {
      version: 1,
      pid: process.pid,
      title: this.#published.get(0)?.title ?? "",
      node: process.version,
      uptime: process.uptime(),
      cpu: process.cpuUsage(),
      rss,
      interpreters,
      queues: this.#queues,
      queuesAt: this.#queuesAt,
      pools: [...this.#published.values()].flatMap((published) => this.#poolsOf(published)),
    };
  }

  #interpreter(slot: Slot, state: string) {
    const m = this.#m;
    const id = idOf(m, slot);
    const now = clock();
    const executing = observationsIn(m, slot).map(({ caller, kind, code, pointer, began }) => ({
      what: this.#labels.of(kind, code, pointer),
      from: caller,
      ms: Math.max(0, now - began),
    }));
    const published = this.#published.get(id);
    const { utilisation, heap } = this.#vitals(slot, id);
    const busy = state === "idle" && isExecuting(m, slot);
    return {
      id,
      name: id === 0 ? "main" : (nameOf(m, slot) ?? null),
      whence: WHENCE[load(m, slotPointer(slot) + S_WHENCE)],
      state: busy ? "running" : state,
      executing,
      waiting: sizeOf(m, (slotPointer(slot) + S_WORK) as Pointer),
      utilisation: utilisation ?? published?.utilisation ?? null,
      heap: heap ?? published?.heap ?? null,
      /** Milliseconds since its event loop published something; null if it never does. */
      silent: published === undefined ? null : Math.max(0, now - published.at),
    };
  }

  /** How busy the event loop of a thread is that the supervisor started, and its heap as far as it has answered. */
  #vitals(slot: Slot, id: number): { utilisation?: number | undefined; heap?: number | undefined } {
    const worker = this.#children.threadOf(slot);
    if (worker === undefined || !measuresThreads) return {};
    let busy = this.#busy.get(id);
    if (busy === undefined || busy.worker !== worker) {
      const last = worker.performance.eventLoopUtilization();
      busy = { worker, last, utilisation: undefined, heap: undefined, asked: -Infinity };
      this.#busy.set(id, busy);
    } else {
      const now = worker.performance.eventLoopUtilization();
      const { utilization } = worker.performance.eventLoopUtilization(now, busy.last);
      if (now.active + now.idle - busy.last.active - busy.last.idle > 100) {
        busy.utilisation = utilization;
        busy.last = now;
      }
    }
    this.#askHeap(busy);
    return busy;
  }

  /** Node 22.16 and later can ask another thread. Its answer comes when that thread can give one. */
  #askHeap(busy: Busy): void {
    const { worker } = busy;
    const now = clock();
    const ask = worker as { getHeapStatistics?: () => Promise<{ used_heap_size: number }> };
    if (ask.getHeapStatistics === undefined || now - busy.asked < HEAP_EVERY) return;
    busy.asked = Infinity;
    ask.getHeapStatistics().then(
      ({ used_heap_size: used }) => {
        busy.heap = used;
        busy.asked = now;
      },
      () => undefined,
    );
  }

  #poolsOf({ id: owner, pools, at }: Published & { readonly at: number }): object[] {
    const m = this.#m;
    return pools.map(({ name, maxWorkers, concurrency, lanes, workers, stats }) => {
      // The counts of this moment. The queues of a pool that has gone meanwhile are closed.
      const inLine = lanes.map((lane) => (queueIdOf(m, lane) === -1 ? 0 : sizeOf(m, lane)));
      const running = workers.reduce((sum, id) => {
        const slot = slotOf(m, id as InterpreterId);
        return slot === -1
          ? sum
          : sum + observationsIn(m, slot).filter(({ caller }) => caller === owner).length;
      }, 0);
      return {
        owner,
        name,
        maxWorkers,
        concurrency,
        workers,
        inLine: inLine.reduce((sum, count) => sum + count, 0),
        running,
        stats,
        age: clock() - at,
      };
    });
  }
}
