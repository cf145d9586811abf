/**
 * Runs a case in a child process and watches its progress. A contender that makes none for a while has hung:
 * the process is killed, and the case starts again without it.
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { STOP, type Case, type Progress } from "./harness.js";

/** Longer than any single step of a contender that works, a start or a round, on a busy machine. */
const PATIENCE_MS = 15_000;

/** What became of one contender. */
export interface Result {
  readonly contender: string;
  readonly ours: boolean;
  /** One figure for each round; empty if it failed before the first. */
  readonly figures: readonly number[];
  /** Why it dropped out; undefined if it did not. */
  readonly failure?: string;
}

export async function watchCase(bench: Case, quick: boolean, patience = PATIENCE_MS): Promise<Result[]> {
  const failures = new Map<string, string>();
  for (;;) {
    const figures = new Map<string, number[]>();
    const outcome = await attempt(bench, quick, [...failures.keys()], patience, (progress) => {
      if (progress.kind === "failed") failures.set(progress.contender, progress.message);
      if (progress.kind !== "figure") return;
      const list = figures.get(progress.contender) ?? [];
      list.push(progress.value);
      figures.set(progress.contender, list);
    });
    if (outcome?.culprit !== undefined) failures.set(outcome.culprit, outcome.failure);
    // Nobody to blame means that the process itself does not start: another attempt would end the same way.
    const final = outcome === undefined || outcome.culprit === undefined || outcome.step === STOP;
    if (!final) continue;
    return bench.contenders.map(({ name, ours = false }) => {
      const failure = failures.get(name) ?? (outcome?.culprit === undefined ? outcome?.failure : undefined);
      const result = { contender: name, ours, figures: figures.get(name) ?? [] };
      return failure === undefined ? result : { ...result, failure };
    });
  }
}

/** What went wrong, and who was at work with what. */
interface Breakdown {
  readonly culprit: string | undefined;
  readonly step: string;
  readonly failure: string;
}

/** Undefined when the case ran to its end. */
function attempt(
  bench: Case,
  quick: boolean,
  skip: readonly string[],
  patience: number,
  onProgress: (progress: Progress) => void,
): Promise<Breakdown | undefined> {
  const script = fileURLToPath(new URL("./case-process.js", import.meta.url));
  const args = [script, bench.id, quick ? "quick" : "full", JSON.stringify(skip)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  // It must not outlive this process, whatever ends it.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);

  let current: string | undefined;
  let step = "";
  let hung = false;
  const watchdog = setTimeout(() => {
    hung = true;
    kill();
  }, patience);
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on("line", (line) => {
    watchdog.refresh();
    const progress = JSON.parse(line) as Progress;
    current = progress.contender;
    if (progress.kind === "step") step = progress.step;
    onProgress(progress);
  });
  const drained = new Promise((resolve) => lines.once("close", resolve));

  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(watchdog);
      process.off("exit", kill);
      void drained.then(() => {
        const ended = hung ? "hung" : `ended the process (${signal ?? `exit code ${code}`})`;
        if (code === 0) resolve(undefined);
        else resolve({ culprit: current, step, failure: `${step}: ${ended}` });
      });
    });
  });
}
