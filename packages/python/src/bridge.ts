/**
 * The functions that Python calls (python/_interpbridge.py). An integer that they return is a status if it is negative.
 */
import type { Language } from "interpreters";
import {
  core,
  type EncodedValue,
  type EndOperation,
  type GuestOperation,
  type OutgoingRecord,
} from "interpreters/core";
import type { PyodideAPI } from "./boot.js";
import { type BuiltinTable, WithBytes } from "./builtins.js";
import { Exchange, type Packet } from "./exchange.js";
import { PYTHON_TAG } from "./language.js";
import { QueueFunctions } from "./queue-functions.js";
import { Waits } from "./waits.js";

const { interpreters } = core;

/** CPython's `WHENCE_…` numbers. Of an interpreter that Python did not make, it only knows whether it is the main one. */
const WHENCE_UNKNOWN = 0;
const WHENCE_RUNTIME = 1;
/** The core's number for an interpreter that `create` made. */
const CREATED = 2;
/** In an interpreter's word: eight bits of configuration, then its whence (_interpreters.py). */
const WHENCE_SHIFT = 8;
/** The word of one that `create` of JavaScript made for Python: CPython's "isolated", and WHENCE_STDLIB. */
const ISOLATED = 0b10_101000 | (5 << WHENCE_SHIFT);
/** `last_error` has the text. */
const FAILED = -100;

/** What Python left when it had done work. */
export interface Answer {
  /** Chosen by the shims; -1 if they did not answer. */
  readonly state: number;
  /** Undefined if it cannot travel. */
  readonly value: EncodedValue | undefined;
}
const NO_ANSWER: Answer = { state: -1, value: undefined };

export class Bridge {
  readonly exchange: Exchange;
  readonly #language: Language;
  readonly queues: QueueFunctions;
  readonly waits = new Waits();
  /** Work that JavaScript gives Python, by token. */
  readonly #given = new Map<number, EncodedValue>();
  readonly #operations = new Map<number, GuestOperation | EndOperation>();
  #nextToken = 1;
  #lastError = "";
  #answer = NO_ANSWER;
  readonly #outgoing: OutgoingRecord;

  constructor(pyodide: PyodideAPI, language: Language) {
    this.exchange = new Exchange(pyodide);
    this.#language = language;
    this.queues = new QueueFunctions(this.exchange, this.waits);
    this.#outgoing = core.makeOutgoing({ bytes: Buffer.alloc(0), words: new Int32Array(0) });
  }

  /** Those that take ints and bytes, by name. */
  builtins(): BuiltinTable {
    return {
      ...this.queues.builtins(),
      i_current: () => interpreters.current(),
      i_list: () => this.#list(),
      i_whence: (id) => this.#whence(id),
      i_running: (id) => this.#running(id),
      i_word: (id) => this.#word(id),
      i_create: (word, counted) => this.#create(word, counted !== 0),
      i_close: (id) => this.#guarded(() => this.#begin(interpreters.beginClose(id))),
      i_incref: (id) => (interpreters.hold(id) ? core.OK : core.STATUS_NOT_FOUND),
      i_decref: (id) => Number(interpreters.release(id)),
      i_send: new WithBytes((id, data, references) => this.#send(id, data, references)),
      i_done: (token) => Number(this.operation(token)?.settled !== false),
      i_block: (token) => this.#block(token),
      i_fetch: (token) => this.#fetchReply(token),
      i_forget: (token) => this.#forget(token),
      w_take: (token) => this.#take(token),
      w_answer: new WithBytes((state, codec, data, references) =>
        this.#setAnswer(state, codec, data, references),
      ),
      /** Whether a signal is meant for the work that runs now. */
      interrupted: () => Number(core.threads.isInterrupted()),
    };
  }

  /** The others, by name. */
  functions(): Record<string, (...args: never[]) => unknown> {
    const own: Record<string, (...args: never[]) => unknown> = {
      ...this.queues.functions(),
      /** A string. */
      last_error: () => this.#lastError,
      /** A promise, which keeps the event loop alive. */
      i_settled: (token: number) => this.#settled(token),
      wait_any: (timeout: number) => this.#waitAny(timeout),
    };
    own["names"] = () => Object.keys(own).filter((name) => name !== "names");
    return own;
  }

  /** Work that was sent and whose reply was not fetched, or the end of an interpreter. */
  operation(token: number): GuestOperation | EndOperation | undefined {
    return this.#operations.get(token);
  }

  #guarded(step: () => number): number {
    try {
      return step();
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
      return FAILED;
    }
  }

  #whence(id: number): number {
    const whence = interpreters.whence(id);
    if (whence < 0) return whence;
    const word = this.#word(id);
    if (word !== 0) return word >> WHENCE_SHIFT;
    if (whence === WHENCE_RUNTIME) return WHENCE_RUNTIME;
    // It may have died since.
    return interpreters.whence(id) < 0 ? core.STATUS_NOT_FOUND : WHENCE_UNKNOWN;
  }

  /** An interpreter's configuration and whence, or 0 if it is none of Python's. */
  #word(id: number): number {
    const word = interpreters.guestWord(id);
    const byJavaScript = word === 0 && interpreters.whence(id) === CREATED;
    return byJavaScript && interpreters.language(id) === PYTHON_TAG ? ISOLATED : word;
  }

  #running(id: number): number {
    const whence = interpreters.whence(id);
    // Main, and threads that joined by themselves, always run code of their own.
    return whence < 0 || whence === CREATED ? interpreters.isRunning(id) : 1;
  }

  /** Pairs of an id and a whence. */
  #list(): Packet {
    return this.exchange.list(interpreters.list().flatMap(({ id }) => [id, this.#whence(id)]));
  }

  /** Without `counted`, nothing but `i_close` ends the interpreter. */
  #create(word: number, counted: boolean): number {
    return this.#guarded(() => {
      const id = interpreters.create({ language: this.#language }, { guestWord: word, lazy: true });
      // The count begins with the first reference that Python takes.
      if (counted) interpreters.adopt(id);
      return id;
    });
  }

  /** Only to an idle interpreter, so no circle of interpreters that wait for each other comes about. */
  #send(id: number, data: number, ids: number): number {
    const references = this.queues.held(ids);
    if (references === undefined) return core.STATUS_NOT_FOUND;
    const value = new core.EncodedValue(PYTHON_TAG, this.exchange.data(data), references);
    return this.#guarded(() => this.#begin(interpreters.send(id, value, { onlyIfIdle: true })));
  }

  /** The token of an operation that has begun, or the status of one that has not. */
  #begin(operation: GuestOperation | EndOperation | number): number {
    if (typeof operation === "number") return operation;
    const token = this.#nextToken++;
    this.#operations.set(token, operation);
    return token;
  }

  /** Blocks until the work has its outcome, or this thread's own work must be interrupted. Returns 1 if it has its outcome. */
  #block(token: number): number {
    const operation = this.operation(token);
    if (operation === undefined) return 1;
    core.threads.blockUntil(() => operation.settled);
    return Number(operation.settled);
  }

  #settled(token: number): Promise<void> {
    const operation = this.operation(token);
    if (operation === undefined || operation.settled) return Promise.resolve();
    return this.waits.for(operation.promise());
  }

  #fetchReply(token: number): number | Packet {
    const operation = this.operation(token) as GuestOperation | undefined;
    this.#operations.delete(token);
    if (operation?.reply === undefined) {
      const error = operation?.error;
      this.#lastError = error instanceof Error ? error.message : String(error);
      return FAILED;
    }
    return this.exchange.packet(operation.reply);
  }

  /** Drops the reply, which may not have come yet. */
  #forget(token: number): number {
    const operation = this.operation(token);
    if (operation === undefined) return core.OK;
    this.#operations.delete(token);
    const release = (): void => {
      const { reply } = operation as Partial<GuestOperation>;
      if (reply !== undefined) core.releaseReferences(reply.references);
    };
    if (operation.settled) release();
    else operation.whenSettled(release);
    return core.OK;
  }

  /** Blocks until something has come for this thread, or the time limit. */
  #waitAny(timeout: number): void {
    let asked = false;
    const again = (): boolean => asked || !(asked = true);
    core.threads.blockUntil(again, timeout < 0 ? undefined : timeout);
  }

  /** Gives Python work, which it takes with the token. */
  give(value: EncodedValue): number {
    const token = this.#nextToken++;
    this.#given.set(token, value);
    return token;
  }

  #take(token: number): number | Packet {
    const value = this.#given.get(token);
    if (value === undefined) return core.STATUS_NOT_FOUND;
    this.#given.delete(token);
    return this.exchange.packet(value);
  }

  /** Python answers to work before it returns: as soon as it has returned, another thread of its own may answer. */
  #setAnswer(state: number, codec: number, data: number, ids: number): number {
    const references = this.queues.held(ids);
    let value: EncodedValue | undefined;
    if (references !== undefined && this.exchange.fill(this.#outgoing, codec, data)) {
      const { bytes, start, length } = this.#outgoing;
      value = new core.EncodedValue(codec, new Uint8Array(bytes.subarray(start, start + length)), references);
    }
    this.#answer = { state, value };
    return core.OK;
  }

  /** The answer to the work that Python was given last. */
  takeAnswer(): Answer {
    const answer = this.#answer;
    this.#answer = NO_ANSWER;
    return answer;
  }

  /** The configuration that this interpreter was created with, as bits (_interpreters.py). */
  ownConfig(): number {
    return this.#word(interpreters.current()) & ((1 << WHENCE_SHIFT) - 1);
  }
}
