/**
 * Beyond one machine: an executor of `interpreters` whose tasks travel through a BullMQ queue, the workers that serve it, and a processor for
 * BullMQ's own workers.
 */
export { BullMQExecutor, type QueueCounts } from "./executor.js";
export { createWorker, type QueueWorker } from "./worker.js";
export { type PoolProcessor, processor, type ProcessorOptions } from "./processor.js";
export { metricsText, serveHealth, type WorkerCounts } from "./health.js";
export type { BullMQExecutorOptions, WorkerOptions } from "./options.js";
export type { Connection } from "./connection.js";
export type { BullMQErrorCode } from "./errors.js";
