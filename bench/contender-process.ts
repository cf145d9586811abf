/**
 * Runs one contender of one case in its own process: `node contender-process.js <case id> <contender> full|quick <common>`, with
 * an IPC channel on which the parent sends the next step. So no contender inherits another one's garbage, heap size or allocator
 * settings.
 */

import { type Case, effortFor, type Session } from "./harness.js";

export type Step = "start" | "round" | "stop";

export interface Reply {
  /** The figure of a round. */
  readonly figure?: number;
  readonly failure?: string;
}

const [id, name, size, common] = process.argv.slice(2);
const effort = effortFor(size === "quick");

/** Only the cases of the benchmark that runs are loaded. */
async function findCase(): Promise<Case | undefined> {
  const own = (await import("./cases/index.js")).cases.find((candidate) => candidate.id === id);
  return own ?? (await import("./scale/rows.js")).findScaleCase(id);
}

const contender = (await findCase())?.contenders.find((candidate) => candidate.name === name);
if (contender === undefined) throw new Error(`no case ${id} with a contender ${name}`);

// A pool whose worker fails may throw where no caller can catch it. Then it never replies, and the parent reports that.
process.on("unhandledRejection", (error) => console.error(`${id}: unhandled rejection:`, error));
process.on("uncaughtException", (error) => console.error(`${id}: uncaught exception:`, error));

let session: Session | undefined;

async function perform(step: Step): Promise<Reply> {
  if (step === "start") {
    session = await contender!.start(Number(common));
    await session.warmUp?.(effort);
    return {};
  }
  if (step === "round") return { figure: await session!.round(effort) };
  await session!.stop();
  return {};
}

process.on("message", (step: Step) => {
  void perform(step)
    .catch((error: unknown): Reply => ({ failure: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply));
});
// Some pools keep the process alive.
process.on("disconnect", () => process.exit());
