/** The cost of starting and keeping an interpreter: time to its first result, and resident memory. */

import { fileURLToPath } from "node:url";
import type { Case, Contender, Unit } from "../harness.js";
import type { Measure, Subject } from "../probe-types.js";
import { runProbe } from "../run-probe.js";

const probe = fileURLToPath(new URL("../probe.js", import.meta.url));

function contender(subject: Subject, name: string, measure: Measure): Contender {
  return {
    name,
    ours: subject.endsWith("interpreter"),
    async start() {
      return {
        round: () => runProbe(probe, [subject, measure]),
        stop: () => undefined,
      };
    },
  };
}

function bootCase(id: string, title: string, measure: Measure, rounds: number, pools: boolean): Case {
  const unit: Unit = measure.startsWith("memory") ? "MB" : "ms";
  return {
    id,
    title,
    unit,
    rounds: { full: rounds, quick: 1 },
    contenders: [
      contender("interpreter", "interpreters: create", measure),
      ...(measure === "later"
        ? [contender("spare-interpreter", "interpreters: create after prewarm", measure)]
        : []),
      contender("bare-worker", "bare Worker", measure),
      ...(pools
        ? [
            contender("piscina", "piscina, pool of 1", measure),
            contender("tinypool", "tinypool, pool of 1", measure),
            contender("workerpool", "workerpool, pool of 1", measure),
          ]
        : []),
    ],
  };
}

/** What the first module of an interpreter costs if it is in TypeScript. */
function moduleCase(id: string, title: string, measure: Measure): Case {
  return {
    id,
    title,
    unit: "ms",
    rounds: { full: 7, quick: 1 },
    contenders: [
      contender("typescript-interpreter", "interpreters: a function of a TypeScript module", measure),
      contender("interpreter", "interpreters: a function of a JavaScript module", measure),
    ],
  };
}

export const bootCases: readonly Case[] = [
  bootCase("create-first", "First start to first result, fresh process", "first", 7, true),
  bootCase("create-later", "Later start to first result, one after another", "later", 7, true),
  bootCase(
    "create-together",
    "Start of 20 together to the last first result, time per start",
    "together",
    3,
    false,
  ),
  moduleCase(
    "create-typescript-first",
    "First start to first result, TypeScript against JavaScript",
    "first",
  ),
  moduleCase(
    "create-typescript-later",
    "Later start to first result, TypeScript against JavaScript",
    "later",
  ),
  bootCase("memory-first", "Resident memory added by the first idle one", "memory-first", 3, false),
  bootCase("memory-each", "Resident memory per further idle one", "memory-each", 3, false),
];
