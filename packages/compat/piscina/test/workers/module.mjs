import { isWorkerThread, workerData } from "@interpreters/piscina";

await 0;
export default (value) => [value, isWorkerThread, workerData];
export const other = (value) => `other ${value}`;
