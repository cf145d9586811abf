/** Queues: messages per second one way, and the time of a round trip. */

import { counted, repeated, type Case, type Contender, type Workload } from "../harness.js";
import {
  futexEcho,
  portBetweenWorkers,
  portEcho,
  portEchoBlocking,
  portFromMain,
} from "../peers/bare-link.js";
import {
  crowd,
  leastShare,
  manyBetweenInterpreters,
  queueBetweenInterpreters,
  queueEcho,
  queueEchoBlocking,
  queueFromMain,
} from "../peers/interpreters-queue.js";
import { AHEAD, creditPort, iterateInterpreter, iteratePool } from "../peers/iterations.js";
import { putsBeside, selectsAndGets } from "../peers/interpreters-select.js";
import type { OneWayMaker, PingPongMaker } from "../peers/link.js";
import type { PayloadKind } from "../peers/payloads.js";

/** Messages per round, where sending costs too much to determine how many fill a round. */
interface Fixed {
  readonly full: number;
  readonly quick: number;
  /** Rounds that only warm up. */
  readonly warmUp?: number;
}

const oneWay =
  (kind: PayloadKind, fixed?: Fixed) =>
  (maker: OneWayMaker): Contender => ({
    name: maker.name,
    ours: maker.ours ?? false,
    async start() {
      const link = await maker.make(kind);
      const workload: Workload = { run: (count) => link.send(count), stop: () => link.stop() };
      await link.send(fixed?.quick ?? 1);
      if (fixed === undefined) return repeated("ops/s", workload);
      const { warmUp = 0, full, quick } = fixed;
      return {
        ...counted("ops/s", workload, fixed),
        async warmUp(effort) {
          for (let i = 0; i < warmUp; i += 1) await link.send(effort.quick ? quick : full);
        },
      };
    },
  });

/**
 * The threads share the items of a round, and V8 compiles the code of a queue for each of them: in the first million items, most of the processor time is the compiler's. So many
 * rounds come first that each thread has put or got a hundred thousand.
 */
const CROWD: Fixed = { full: 200_000, quick: 40_000, warmUp: 8 };

/** Items of a generator in another thread. */
export const iterationCases: readonly Case[] = (["number", "object"] as const).map((kind) => ({
  id: `iterate-${kind}`,
  title: `iterate, interpreter -> main, ${kind === "number" ? "numbers" : "{ id, name, ready }"}, at most ${AHEAD} ahead`,
  unit: "ops/s",
  contenders: [iterateInterpreter, iteratePool, creditPort].map(
    oneWay(kind, { full: 1_000_000, quick: 200_000 }),
  ),
}));

const pingPong = (maker: PingPongMaker): Contender => ({
  name: maker.name,
  ours: maker.ours ?? false,
  async start() {
    const link = await maker.make();
    await link.run(1);
    return repeated("µs", { run: (count) => link.run(count), stop: () => link.stop() });
  },
});

export const queueCases: readonly Case[] = [
  {
    id: "queue-one-way-number",
    title: "Queue, main -> interpreter, one way, numbers",
    unit: "ops/s",
    contenders: [...queueFromMain, portFromMain].map(oneWay("number")),
  },
  {
    id: "queue-one-way-object",
    title: "Queue, main -> interpreter, one way, { id, name, ready }",
    unit: "ops/s",
    contenders: [...queueFromMain, portFromMain].map(oneWay("object")),
  },
  {
    id: "queue-between-interpreters",
    title: "Queue, interpreter -> interpreter, one way, numbers",
    unit: "ops/s",
    contenders: [queueBetweenInterpreters, portBetweenWorkers].map(oneWay("number")),
  },
  {
    id: "queue-many-between-interpreters",
    title: "Queue, interpreter -> interpreter, one way, numbers, many at once",
    unit: "ops/s",
    contenders: [manyBetweenInterpreters, portBetweenWorkers].map(oneWay("number")),
  },
  {
    id: "queue-crowd",
    title: "Queue, many producers and consumers, one way, numbers",
    unit: "ops/s",
    contenders: [crowd(16), crowd(1)].map(oneWay("number", CROWD)),
  },
  {
    id: "queue-fairness",
    title: "Queue, items one at a time: share of the least served consumer, relative to an equal share",
    unit: "%",
    contenders: [2, 16].map((size) => ({
      name: `interpreters: ${size} consumers that block`,
      ours: true,
      start: async () => ({
        round: ({ quick }) => leastShare(size, quick ? 2_000 : 20_000),
        stop: () => {},
      }),
    })),
  },
  {
    id: "select-between-interpreters",
    title: "select between two queues beside get, interpreter -> interpreter, one way, numbers",
    unit: "ops/s",
    contenders: selectsAndGets.map(oneWay("number")),
  },
  {
    id: "select-puts-beside",
    title: "A put into a queue for which another interpreter waits, in so many places at once",
    unit: "µs",
    contenders: [
      [1, false],
      [1000, false],
      [1000, true],
    ].map(([waiters, selects]) => ({
      name: `interpreters: ${waiters} ${selects === true ? "selects" : "gets"}`,
      ours: true,
      start: async () => ({
        round: ({ quick }) => putsBeside(Number(waiters), selects === true, quick ? 20_000 : 200_000),
        stop: () => {},
      }),
    })),
  },
  {
    id: "queue-round-trip-blocking",
    title: "Queue, round trip, both sides blocking",
    unit: "µs",
    contenders: [queueEchoBlocking, portEchoBlocking, futexEcho].map(pingPong),
  },
  {
    id: "queue-round-trip-async",
    title: "Queue, round trip, both sides on their event loops",
    unit: "µs",
    contenders: [queueEcho, portEcho].map(pingPong),
  },
];
