import workerpool from "@interpreters/workerpool";

workerpool.worker({ add: (a, b) => a + b, isMainThread: () => workerpool.isMainThread });
