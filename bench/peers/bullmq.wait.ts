/** A sandboxed processor of BullMQ that waits. */
export { wait as default } from "./bullmq.task.js";
