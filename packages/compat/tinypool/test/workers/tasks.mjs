import { threadId } from "node:worker_threads";
import { setTimeout as sleep } from "node:timers/promises";
import { Tinypool, workerId } from "@interpreters/tinypool";

let runs = 0;
let port;

export const echo = (value) => value;
export const runOf = () => [++runs, threadId];
export const nap = (milliseconds) => sleep(milliseconds, "slept");
export const exit = (code) => process.exit(code);
export const loop = () => {
  for (;;);
};
export const fail = () => {
  throw Object.assign(new RangeError("too far", { cause: new TypeError("why") }), { limit: 3 });
};
export const state = () => ({
  ...process.__tinypool_state__,
  named: workerId,
  is: Tinypool.isWorkerThread,
  data: Tinypool.workerData,
});
export const moved = () => Tinypool.move(new Uint8Array(10));
export const keepPort = ({ port: given }) => {
  port = given;
};
export const teardown = () => port?.postMessage("torn down");
export const disconnect = () => {
  process.disconnect();
  return tick();
};
export const tick = () => void setInterval(() => {}, 1000);
export const later = (milliseconds) =>
  void setTimeout(() => {
    throw new TypeError("thrown later");
  }, milliseconds);
export const print = (text) => console.log(text);
export default (value) => `default ${value}`;
