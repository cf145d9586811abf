import { runAsWorker } from "@interpreters/synckit";

runAsWorker((a, b) => a + b);
