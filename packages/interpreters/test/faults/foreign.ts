/** A worker thread that this package did not start and that puts items without end; see queues.test.ts. */
import { workerData } from "node:worker_threads";
import { Queue } from "interpreters";
import { type Item, produce } from "./victims.js";

const { id, seed } = workerData as { id: number; seed: number };
await produce(new Queue(id) as Queue<Item>, 1, -1, seed, { way: "none", steps: 0 });
