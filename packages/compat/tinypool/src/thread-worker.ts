import { inspect } from "node:util";
import { deathOf, errorOfEnd, thrownBy } from "../../shared/outcome.cjs";
import { PoolThread } from "../../shared/pool-thread.cjs";
import type { TinypoolChannel, TinypoolWorker } from "./common.js";
import type { PoolRunner, Run, RunnerOptions } from "./runner.js";

/** Writes to the program's own stream, whatever that is at the time. */
const writesTo = (stream: "stdout" | "stderr"): { write(text: string): void } => ({
  write: (text) => void process[stream].write(text),
});

/** A worker that is a thread. */
export class ThreadWorker extends PoolThread implements TinypoolWorker, PoolRunner {
  readonly runtime = "worker_threads";
  usedMemory: number | undefined;
  readonly #measures: boolean;
  /** What the worker loads ahead: a task of that file and function names neither. */
  readonly #first: Pick<RunnerOptions, "filename" | "name">;
  #channel: TinypoolChannel | undefined;
  #tasks = 0;
  /** Why it is stopped, if a message was. */
  #misuse: Error | undefined;

  constructor(options: RunnerOptions & { readonly measures: boolean }) {
    const { workerId, workerData, filename, name, measures } = options;
    super(
      {
        ...options,
        workerData: [{ workerId }, workerData],
        stdout: writesTo("stdout"),
        stderr: writesTo("stderr"),
      },
      {
        adapter: "Tinypool",
        workerId,
        hasWorkerData: true,
        filename,
        name,
        niceIncrement: 0,
      },
    );
    this.#measures = measures;
    this.#first = { filename, name };
    this.on("message", (message) => {
      this.#misuse ??= new Error(`Unexpected message on Worker: ${inspect(message)}`);
      if (this.#tasks === 0) this.emit("ended", this.#misuse);
      void this.interp.terminate().catch(() => {});
    });
    void this.ended.then((end) => this.emit("ended", this.#tasks > 0 ? undefined : errorOfEnd(end)));
  }

  async run({ filename, name, value, transfer }: Run): Promise<unknown> {
    this.#tasks++;
    try {
      if (!this.#measures) {
        const isFirst = filename === this.#first.filename && name === this.#first.name;
        return await this.runTask(isFirst ? undefined : filename, name, value, transfer, 0);
      }
      const measured = await this.runMeasured(filename, name, value, transfer);
      this.usedMemory = measured.usedMemory;
      return measured.result;
    } catch (error) {
      const death = deathOf(error);
      if (death === undefined) throw thrownBy(error);
      this.emit("ended", undefined);
      throw this.#misuse ?? death;
    } finally {
      this.#tasks--;
    }
  }

  override async terminate(): Promise<number> {
    const code = await super.terminate();
    this.#channel?.onClose?.();
    this.#channel = undefined;
    return code;
  }

  setChannel(channel: TinypoolChannel): void {
    for (const method of ["onMessage", "postMessage"] as const) {
      if (channel[method] === undefined) continue;
      throw new Error(
        `{ runtime: 'worker_threads' } doesn't support channel.${method}. Use transferListItem for ` +
          `${method === "onMessage" ? "listening to" : "sending to"} messages instead.`,
      );
    }
    if (this.#channel !== channel) this.#channel?.onClose?.();
    this.#channel = channel;
  }
}
