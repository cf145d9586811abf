/** The first 200 blocking calls of a process, which is what a linter or a build plug-in makes in all. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Case, Contender } from "../harness.js";

const program = fileURLToPath(new URL("../first-calls-process.js", import.meta.url));

function contender(name: string, who: string): Contender {
  const run = (): number => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [program, who], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${who} failed: ${stderr}`);
    return performance.now() - start;
  };
  return {
    name,
    ours: who === "interpreters",
    async start() {
      return { round: async () => run(), stop: () => undefined };
    },
  };
}

export const firstCallsCases: readonly Case[] = [
  {
    id: "call-sync-first-200",
    title: "A process that makes 200 blocking calls, from its start to its end",
    unit: "ms",
    rounds: { full: 15, quick: 3 },
    contenders: [
      contender("interpreters: interp.callSync", "interpreters"),
      contender("synckit", "synckit"),
      contender("an empty process", "nothing"),
    ],
  },
];
