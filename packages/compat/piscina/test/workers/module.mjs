import { isWorkerThread, workerData } from "@interpreters/piscina";

await Promise.resolve();
export default (value) => [value, isWorkerThread, workerData];
export const other = (value) => `other ${value}`;
