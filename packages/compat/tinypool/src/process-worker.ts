import { type ChildProcess, fork, type SerializationType } from "node:child_process";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import type { TinypoolChannel, TinypoolWorker } from "./common.js";
import { type DoneMessage, isOurs, type LoadMessage, type RunMessage } from "./process-messages.js";
import type { PoolRunner, Run, RunnerOptions } from "./runner.js";

/** Milliseconds until a process that does not end when it is asked to is killed. */
const KILL_AFTER = 1000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A worker that is a process. */
export class ProcessWorker extends EventEmitter implements TinypoolWorker, PoolRunner {
  readonly runtime = "child_process";
  readonly threadId: number;
  readonly ended: Promise<void>;
  usedMemory: number | undefined;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #channel: TinypoolChannel | undefined;
  #isTerminating = false;
  #ids = 0;

  constructor(options: RunnerOptions & { readonly serialization: SerializationType | undefined }) {
    super();
    const { env, argv = [], execArgv, serialization, workerId, filename, name } = options;
    const child = fork(fileURLToPath(new URL("./process-entry.js", import.meta.url)), argv.map(String), {
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(serialization === undefined ? {} : { serialization }),
      stdio: "pipe",
      env: { ...env, TINYPOOL_WORKER_ID: String(workerId) },
    });
    this.#process = child;
    this.threadId = child.pid ?? -1;
    child.stdout?.on("data", (chunk: Buffer) => process.stdout.write(chunk));
    child.stderr?.on("data", (chunk: Buffer) => process.stderr.write(chunk));
    child.on("message", (message) => this.#receive(message));
    child.on("error", (error) => this.#end(error));
    this.ended = new Promise((resolve) => {
      child.once("exit", () => {
        resolve();
        this.#end(new Error("Worker exited unexpectedly"));
      });
    });
    this.#send({ __tinypool_worker_message__: true, source: "pool", filename, name } satisfies LoadMessage);
    this.unref();
  }

  async run({ filename, name, value }: Run): Promise<unknown> {
    const taskId = ++this.#ids;
    const result = new Promise((resolve, reject) => this.#waiting.set(taskId, { resolve, reject }));
    this.ref();
    try {
      this.#send({
        __tinypool_worker_message__: true,
        source: "port",
        taskId,
        filename,
        name,
        task: value,
      } satisfies RunMessage);
    } catch (error) {
      // The value cannot be serialized.
      this.#take(taskId)?.reject(error);
    }
    return await result;
  }

  #receive(message: unknown): void {
    if (!isOurs(message)) {
      this.#channel?.postMessage?.(message);
      return;
    }
    const { taskId, failed, outcome, usedMemory } = message as DoneMessage;
    this.usedMemory = usedMemory;
    const waiting = this.#take(taskId);
    if (failed) waiting?.reject(outcome);
    else waiting?.resolve(outcome);
  }

  #take(taskId: number): Waiting | undefined {
    const waiting = this.#waiting.get(taskId);
    this.#waiting.delete(taskId);
    if (this.#waiting.size === 0) this.unref();
    return waiting;
  }

  #end(error: Error): void {
    if (this.#isTerminating) return;
    this.#isTerminating = true;
    const isIdle = this.#waiting.size === 0;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.emit("ended", isIdle ? error : undefined);
  }

  async terminate(): Promise<void> {
    this.#isTerminating = true;
    const child = this.#process;
    child.ref();
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await this.ended;
    }
    clearTimeout(timer);
    this.#channel?.onClose?.();
    this.#channel = undefined;
  }

  get isThere(): boolean {
    return this.#process.connected;
  }

  setChannel(channel: TinypoolChannel): void {
    if (this.#channel !== channel) this.#channel?.onClose?.();
    this.#channel = channel;
    channel.onMessage?.((message: unknown) => this.#send(message));
  }

  postMessage(message: unknown): void {
    this.#send(message);
  }

  #send(message: unknown): void {
    if (this.#isTerminating || !this.#process.connected) return;
    this.#process.send(message as object, () => {});
  }

  ref(): void {
    this.#setRef("ref");
  }

  unref(): void {
    this.#setRef("unref");
  }

  #setRef(method: "ref" | "unref"): void {
    const { stdout, stderr, channel } = this.#process;
    for (const handle of [this.#process, channel, stdout, stderr]) {
      (handle as Partial<Record<"ref" | "unref", () => void>> | null | undefined)?.[method]?.();
    }
  }
}
