/** Worker processes that die and come back. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BullMQExecutor, type BullMQExecutorOptions, type WorkerOptions } from "../../src/index.js";

const script = fileURLToPath(new URL("./worker-process.js", import.meta.url));
/** The package's own folder is the project of the tests. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface FleetOptions extends Omit<WorkerOptions, "log"> {
  skew?: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly processes = new Set<ChildProcess>();
  #ended = false;

  constructor(options: FleetOptions) {
    // Deaths are noticed soon.
    this.#options = { workers: 2, lockDuration: 1500, stalledInterval: 400, root, ...options };
  }

  /** Starts a worker. With `revive`, another one takes its place when it ends. */
  async start(revive = false, more: Partial<FleetOptions> = {}): Promise<ChildProcess> {
    const child = fork(script, [JSON.stringify({ ...this.#options, ...more })], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.processes.add(child);
    child.once("exit", () => {
      this.processes.delete(child);
      if (revive && !this.#ended) void this.start(true, more).catch(() => undefined);
    });
    const exit = once(child, "exit").then(([code, signal]) => {
      throw new Error(`The worker ended before it was ready: ${String(code ?? signal)}`);
    });
    exit.catch(() => undefined);
    await Promise.race([once(child, "message"), exit]);
    return child;
  }

  /** Kills one of them. */
  kill(): void {
    const [child] = this.processes;
    child?.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const children = [...this.processes];
    const ends = children.map(async (child) => await once(child, "exit"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ends);
  }
}

/** An executor of the tests' project. */
export function executorOf(url: string, more: Partial<BullMQExecutorOptions> = {}): BullMQExecutor {
  return new BullMQExecutor({ queue: "tasks", connection: url, root, ...more });
}

/** Waits for a condition. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
