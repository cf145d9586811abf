import { moveSymbols } from "../../shared/movable.cjs";

export const symbols = moveSymbols("Piscina");
/** Of an object that says how it is moved: what to move. */
export const kTransferable: unique symbol = symbols.transferable as never;
/** Of an object that says how it is moved: what to send in its place. */
export const kValue: unique symbol = symbols.value as never;
/** Of a task's value: options for a custom task queue. */
export const kQueueOptions: unique symbol = Symbol.for("Piscina.queueOptions") as never;
export const kMovable: unique symbol = symbols.movable as never;
/** Of what a load balancer sees of a worker: the worker. */
export const kWorker: unique symbol = Symbol("Piscina.worker") as never;
