/**
 * Runs a case: its contenders take turns, each in its own process (contender-process.ts). A contender that does not reply to a step
 * hangs: its process is killed, and the others go on.
 */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Reply, Step } from "./contender-process.js";
import { type Case, type Contender, effortFor } from "./harness.js";

const SCRIPT = fileURLToPath(new URL("./contender-process.js", import.meta.url));
/** Milliseconds: longer than a start or a round of a working contender takes on a busy machine. */
const PATIENCE_MS = 15_000;
/** Milliseconds, ample for ending idle threads. The process ends soon anyway; the limit finds pools that do not stop. */
const STOP_MS = 3_000;

/** The outcome of one contender. */
export interface Result {
  readonly contender: string;
  readonly ours: boolean;
  /** One figure for each round; empty if the contender failed before the first. */
  readonly figures: readonly number[];
  /** Why the contender dropped out; undefined if it did not. */
  readonly failure?: string;
}

/** A contender that takes turns with others, and the process that runs it. */
export interface Entry {
  readonly contender: Contender;
  /** The contender-process.js to run, which determines the build that is measured. Defaults to the one in this folder. */
  readonly script?: string;
}

export interface WatchOptions {
  readonly quick: boolean;
  /** Defaults to all contenders of the case. */
  readonly entries?: readonly Entry[];
  /** Defaults to a new call of the case's `common`. */
  readonly common?: number;
  /** Milliseconds that a step may take. */
  readonly patience?: number;
}

/** Returns a result for each entry, in their order. */
export async function watchCase(bench: Case, options: WatchOptions): Promise<Result[]> {
  const { quick, patience = PATIENCE_MS, common = bench.common?.() ?? 0 } = options;
  const { entries = bench.contenders.map((contender) => ({ contender })) } = options;
  const entrants = entries.map((entry) => new Entrant(bench.id, entry, quick, common));
  const turns = [...entrants];
  const end = (): void => entrants.forEach((entrant) => entrant.end());
  // The children must not outlive this process, whatever ends it.
  process.once("exit", end);
  try {
    for (const entrant of turns) await entrant.take("start", "start", patience);
    const rounds = bench.rounds?.[quick ? "quick" : "full"] ?? effortFor(quick).rounds;
    for (let round = 1; round <= rounds; round += 1) {
      for (const entrant of turns) await entrant.take("round", `round ${round}`, patience);
      // No contender always runs after the same neighbour.
      turns.reverse();
    }
    for (const entrant of entrants) await entrant.take("stop", "stop", Math.min(STOP_MS, patience));
  } finally {
    process.off("exit", end);
    end();
  }
  return entrants.map((entrant) => entrant.result());
}

class Entrant {
  readonly #contender: Contender;
  readonly #child: ChildProcess;
  readonly #figures: number[] = [];
  #failure: string | undefined;

  constructor(id: string, { contender, script = SCRIPT }: Entry, quick: boolean, common: number) {
    this.#contender = contender;
    this.#child = fork(script, [id, contender.name, quick ? "quick" : "full", String(common)]);
  }

  /** Makes it perform a step, unless it has dropped out. Returns when it replies, dies, or exceeds `patience`. */
  async take(step: Step, name: string, patience: number): Promise<void> {
    if (this.#failure !== undefined) return;
    const { figure, failure } = await this.#reply(step, patience);
    if (figure !== undefined) this.#figures.push(figure);
    if (failure === undefined) return;
    this.#failure = `${name}: ${failure}`;
    this.end();
  }

  #reply(step: Step, patience: number): Promise<Reply> {
    const child = this.#child;
    return new Promise((resolve) => {
      const finish = (reply: Reply): void => {
        clearTimeout(watchdog);
        child.off("message", finish).off("exit", ended);
        resolve(reply);
      };
      const ended = (code: number | null, signal: string | null): void =>
        finish({ failure: `ended the process (${signal ?? `exit code ${code}`})` });
      const watchdog = setTimeout(() => finish({ failure: `hung for ${patience} ms` }), patience);
      child.on("message", finish).on("exit", ended);
      if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
      else child.send(step);
    });
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }

  result(): Result {
    const { name, ours = false } = this.#contender;
    const result = { contender: name, ours, figures: this.#figures };
    return this.#failure === undefined ? result : { ...result, failure: this.#failure };
  }
}
