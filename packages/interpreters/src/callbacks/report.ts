/**
 * The progress of tasks: the function that a task gets to report with, and the listener (`onProgress`) that its submitter gave.
 *
 * A report is a record without a reply in the submitter's reply box, where the task's outcome comes later: none arrives after it. At most
 * BACKLOG reports of a task are on their way (Q_REPORTS counts them); while there are as many, the task keeps the latest one and
 * sends it when there is room again, at its next report or a little later, or at its end.
 */
import { startTimer, stopTimer } from "../base/timer.js";
import { registerReference } from "../codec/codec.js";
import { add, load } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { OK, Q_REPORTS, REF_REPORT, S_REPLIES, STATUS_NOT_FOUND, STATUS_SHUT } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { releaseHandle } from "../thread/supervisor-client.js";
import { endsWithWork } from "../transfer/handover.js";
import { type Encoded, Message, WITHOUT_SENDER } from "../wire/message.js";
import { CALLBACK_REPORT } from "../wire/protocol.js";
import { statusError } from "../wire/status-error.js";
import type { Handle } from "./handles.js";
import { end, handleOf, own, ownedBy } from "./owned.js";
import { arrived } from "./remote.js";

/** How many reports of a task may be on their way. */
const BACKLOG = 16;
/** Milliseconds after which a task that kept a report looks again whether there is room. */
const LOOK_AGAIN = 20;

/** Stands for the function with which a task reports. It arrives as that function. */
export class Progress {
  readonly #own = true;
  static is(value: object): value is Progress {
    return #own in value && value.#own;
  }

  /** `listener` is called with each report, until `end`. */
  constructor(listener: (value: never) => void) {
    own(this, listener);
  }

  /** The task has its outcome. */
  end(): void {
    const one = ownedBy(this);
    if (one !== undefined && !one.ended) end(one);
  }
}

/** The task's side. */
class Reporter {
  readonly #handle: Handle;
  readonly #slot: Slot;
  #kept: Encoded | undefined;
  #timer: ReturnType<typeof startTimer>;
  #ended = false;

  constructor(handle: Handle, slot: Slot) {
    this.#handle = handle;
    this.#slot = slot;
  }

  report(value: unknown): void {
    if (this.#ended || this.#slot === -1) return;
    const { m } = runtime();
    const message = Message.take(m);
    try {
      message.header(0, CALLBACK_REPORT, this.#handle.id).value(value, "value");
      if (this.#isFull) {
        this.#kept = message.encoded();
        this.#timer ??= startTimer(LOOK_AGAIN, this.#lookAgain);
      } else {
        this.#kept = undefined;
        this.#send(message);
      }
    } finally {
      message.discard();
    }
  }

  /** The task is over: sends the report that it kept. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#flush();
    this.#handle.released = true;
    releaseHandle(runtime(), this.#handle.pointer, false);
  }

  get #isFull(): boolean {
    return load(runtime().m, this.#handle.pointer + Q_REPORTS) >= BACKLOG;
  }

  readonly #lookAgain = (): void => {
    this.#timer = undefined;
    if (this.#kept === undefined || this.#ended) return;
    if (this.#isFull) this.#timer = startTimer(LOOK_AGAIN, this.#lookAgain);
    else this.#flush();
  };

  #flush(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined) return;
    const message = Message.take(runtime().m);
    try {
      this.#send(message.header(0, CALLBACK_REPORT, this.#handle.id).again(kept));
    } finally {
      message.discard();
    }
  }

  #send(message: Message): void {
    const { m, id } = runtime();
    const { owner, pointer } = this.#handle;
    add(m, pointer + Q_REPORTS, 1);
    const status = message.intoMailbox(this.#slot, S_REPLIES, owner, id, WITHOUT_SENDER);
    if (status === OK) return;
    add(m, pointer + Q_REPORTS, -1);
    // The submitter is gone, and no interpreter waits for the task.
    if (status === STATUS_NOT_FOUND || status === STATUS_SHUT) return;
    throw statusError(status, owner, "report progress to");
  }
}

registerReference<Progress>({
  kind: REF_REPORT,
  is: (value): value is Progress => Progress.is(value),
  toReference: (value) => {
    const { pointer, id } = handleOf(value, ownedBy(value)!);
    return [pointer, id];
  },
  fromReference: (pointer, id) => {
    const { handle, slot } = arrived(pointer as Pointer, id);
    const reporter = new Reporter(handle, slot);
    endsWithWork(() => reporter.end());
    return (value: unknown): void => reporter.report(value);
  },
});
