import { runAsWorker } from "@interpreters/synckit";

runAsWorker(() => [typeof globalThis.joinPaths, typeof globalThis.nameOfPath]);
