export { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
