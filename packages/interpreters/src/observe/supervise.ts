/**
 * The entry of `observer.cjs`: what the supervisor contributes to a trace, and what it shows to `interpreters top`. It goes on while all other
 * threads are blocked, and it alone knows of starts, deaths and standby threads.
 */
import { setInterval } from "../platform/timers.js";
import { clock } from "../base/clock.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { H_TRACE_FILE } from "../memory/layout.js";
import { observationsIn } from "../kernel/observations.js";
import { nameOf } from "../kernel/registry.js";
import type { Children } from "../supervisor/children.js";
import type { Death } from "../supervisor/deaths.js";
import type { SupervisorObserver } from "../supervisor/observer.js";
import type { fetchCode } from "../wire/code.js";
import { Inspection } from "./inspection.js";
import { Labels } from "./labels.js";
import { type QueueState, QueueStates } from "./queue-states.js";
import { emptyRings, freeRings } from "./ring.js";
import { SliceText } from "./slice-text.js";
import { Spill } from "./spill.js";
import { serve } from "./socket.js";
import { TraceFile } from "./trace-file.js";

/** Milliseconds between two looks at the queues. */
const LOOK_EVERY = 20;
/** With fewer finished tasks than these between two looks, the supervisor makes text of the spill, for so many milliseconds: a tenth of a processor. */
const FEW = 512;
const CONVERT_FOR = 2;

export function observe(
  m: SharedMemory,
  children: Children,
  work: () => void,
  fetch: typeof fetchCode,
): SupervisorObserver {
  return new Observer(m, children, work, fetch);
}

class Observer implements SupervisorObserver {
  readonly #m: SharedMemory;
  readonly #children: Children;
  readonly #work: () => void;
  readonly #labels: Labels;
  readonly #queues: QueueStates;
  #file: TraceFile | undefined;
  #text: SliceText | undefined;
  #spill: Spill | undefined;
  #inspection: Inspection | undefined;
  #looked = 0;
  /** Milliseconds from a look to the next one, at least. */
  #pause = LOOK_EVERY / 2;
  #spares = 0;
  readonly #depths = new Map<number, number>();

  constructor(m: SharedMemory, children: Children, work: () => void, fetch: typeof fetchCode) {
    this.#m = m;
    this.#children = children;
    this.#work = work;
    this.#labels = new Labels(m, fetch);
    this.#queues = new QueueStates(m);
    // Looking takes a lock, which belongs into a pass.
    setInterval(() => {
      this.#drain();
      if (this.#traces() !== undefined || this.#inspection?.isWatched === true) this.#work();
    }, LOOK_EVERY);
  }

  /** The trace, if there is one. It may begin later than this. */
  #traces(): TraceFile | undefined {
    if (this.#file === undefined && load(this.#m, H_TRACE_FILE) !== 0) this.#file = new TraceFile(this.#m);
    return this.#file;
  }

  #drain(): void {
    const file = this.#traces();
    if (file === undefined) return;
    const text = (this.#text ??= new SliceText(file));
    const spill = (this.#spill ??= new Spill(this.#m, file));
    const records = emptyRings(this.#m, text, spill);
    freeRings(this.#m, text);
    if (records < FEW) spill.convert(text, CONVERT_FOR);
  }

  adopted(slot: Slot, id: InterpreterId, standby: boolean): void {
    const file = this.#traces();
    if (file === undefined) return;
    const name = nameOf(this.#m, slot);
    file.threadName(id, name === undefined ? `interpreter ${id}` : `interpreter ${id}: ${name}`);
    file.instant(standby ? "start (a spare)" : "start", id, {});
    file.flush();
  }

  died(death: Death): void {
    const { slot, id, reason, exitCode } = death;
    const file = this.#traces();
    if (file === undefined) return;
    const now = file.at(clock());
    // No reply will come for these, so that no other thread writes them.
    for (const { caller, sequence, kind, code, pointer, began } of observationsIn(this.#m, slot)) {
      if (reason === "closed") continue;
      const args = { id: `${caller}.${sequence}`, interrupted: reason };
      const name = this.#labels.of(kind, code, pointer);
      const ts = file.at(began);
      const event = { ph: "X", cat: "task", name, pid: file.pid, tid: id, ts, dur: now - ts, args };
      file.add(JSON.stringify({ ...event, cname: "terrible" }), now);
    }
    file.instant(reason === "closed" ? "closed" : `death: ${reason}`, id, { reason, exitCode });
    file.flush();
  }

  pass(): void {
    const now = clock();
    const { size } = this.#children.standby;
    if (size !== this.#spares) this.#changeSpares(size);
    if (now - this.#looked < this.#pause) return;
    this.#looked = now;
    const states = this.#queues.look();
    // A look at many queues keeps all other threads from the registry: at most a tenth of the time.
    this.#pause = Math.max(LOOK_EVERY / 2, 10 * (clock() - now));
    this.#inspection?.lookedAt(states);
    const file = this.#traces();
    if (file !== undefined) this.#trace(file, states);
  }

  #changeSpares(size: number): void {
    const file = this.#traces();
    if (file === undefined) return;
    this.#spares = size;
    file.counter("spares", { spares: size });
  }

  #trace(file: TraceFile, states: readonly QueueState[]): void {
    const gone = new Set(this.#depths.keys());
    for (const { id, size } of states) {
      gone.delete(id);
      if ((this.#depths.get(id) ?? -1) === size) continue;
      this.#depths.set(id, size);
      file.counter(`queue ${id}`, { items: size });
    }
    for (const id of gone) {
      this.#depths.delete(id);
      file.counter(`queue ${id}`, { items: 0 });
    }
  }

  inspect(socket: string): void {
    if (this.#inspection !== undefined) return;
    this.#inspection = new Inspection(this.#m, this.#children, this.#labels);
    serve(socket, this.#inspection);
  }
}
