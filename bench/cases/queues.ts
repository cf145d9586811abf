/** Queues: how many messages a second go one way, and how long one takes there and back. */

import { repeated, type Case, type Contender } from "../harness.js";
import {
  futexEcho,
  portBetweenWorkers,
  portEcho,
  portEchoBlocking,
  portFromMain,
} from "../peers/bare-link.js";
import {
  queueBetweenInterpreters,
  queueEcho,
  queueEchoBlocking,
  queueFromMain,
} from "../peers/interpreters-queue.js";
import type { OneWayMaker, PingPongMaker } from "../peers/link.js";
import type { PayloadKind } from "../peers/payloads.js";

const oneWay =
  (kind: PayloadKind) =>
  (maker: OneWayMaker): Contender => ({
    name: maker.name,
    ours: maker.ours ?? false,
    async start() {
      const link = await maker.make(kind);
      await link.send(1);
      return repeated("ops/s", { run: (count) => link.send(count), stop: () => link.stop() });
    },
  });

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
    id: "queue-round-trip-blocking",
    title: "Queue, there and back, both sides blocking",
    unit: "µs",
    contenders: [queueEchoBlocking, portEchoBlocking, futexEcho].map(pingPong),
  },
  {
    id: "queue-round-trip-async",
    title: "Queue, there and back, both sides on their event loops",
    unit: "µs",
    contenders: [queueEcho, portEcho].map(pingPong),
  },
];
