/** Python as a guest: what the interpreters of `concurrent.interpreters` cost. Each figure comes from a fresh process. */

import { fileURLToPath } from "node:url";
import type { Case, Unit } from "../harness.js";
import { runProbe } from "../run-probe.js";

const probe = fileURLToPath(new URL("../python-probe.js", import.meta.url));
const LIMIT_MS = 120_000;

function pythonCase(measure: string, title: string, unit: Unit): Case {
  return {
    id: `python-${measure}`,
    title: `Python: ${title}`,
    unit,
    rounds: { full: 3, quick: 1 },
    contenders: [
      {
        name: "interpreters-python",
        ours: true,
        start: async () => ({
          round: () => runProbe(probe, [measure], LIMIT_MS),
          stop: () => undefined,
        }),
      },
    ],
  };
}

export const pythonCases: readonly Case[] = [
  pythonCase("create", "create + first exec", "ms"),
  pythonCase("create-standby", "create + first exec after prewarm", "ms"),
  pythonCase("call", "call of an empty function", "µs"),
  pythonCase("put-get", "put + get of an int in one interpreter", "µs"),
  pythonCase("round-trip", "queue round trip between interpreters", "µs"),
  pythonCase("one-way", "queue one way between interpreters, ints", "ops/s"),
  pythonCase("tasks", "empty tasks of InterpreterPoolExecutor(2)", "ops/s"),
  pythonCase("two-workers", "pure Python work, two workers against one", "%"),
  pythonCase("memory", "memory per further interpreter", "MB"),
];
