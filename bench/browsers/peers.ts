/** Workers, pools and queues of all packages, as a page has them. */
import { wrap } from "comlink/dist/esm/comlink.mjs";
import { create, createQueue, fromModule, InterpreterPoolExecutor } from "interpreters";
import workerpool from "workerpool";
import type * as Tasks from "./tasks.js";
import { messages, script, web } from "./web.js";

/** One worker, or a pool of one. */
export interface Peer {
  run(value: number): PromiseLike<unknown>;
  stop(): unknown;
}

export interface Maker {
  readonly name: string;
  readonly ours?: boolean;
  make(): Peer;
}

const tasks = new URL("/bench/tasks.js", import.meta.url);
const { same, produce, consume } = fromModule<typeof Tasks>(tasks);

export const direct: Maker = {
  name: "interpreters: interp.call",
  ours: true,
  make() {
    const interp = create();
    return { run: (value) => interp.call(same, value), stop: () => interp.close({ wait: true }) };
  },
};

export const executor: Maker = {
  name: "interpreters: executor.submit",
  ours: true,
  make() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    return { run: (value) => pool.submit(same, value), stop: () => pool.shutdown() };
  },
};

export const comlink: Maker = {
  name: "comlink",
  make() {
    const worker = new web.Worker(script("comlink"));
    const remote = wrap<Pick<typeof Tasks, "same">>(worker);
    return { run: (value) => remote.same(value), stop: () => worker.terminate() };
  },
};

export const workerpoolWeb: Maker = {
  name: "workerpool",
  make() {
    const pool = workerpool.pool(script("workerpool"), {
      workerType: "web",
      minWorkers: 1,
      maxWorkers: 1,
      maxQueueSize: Infinity,
    });
    return { run: async (value) => await pool.exec("same", [value]), stop: () => pool.terminate(true) };
  },
};

/** It replies in the order of its messages, so that they need no numbers. */
export const bare: Maker = {
  name: "bare Worker",
  make() {
    const worker = new web.Worker(script("bare"));
    const waiting: ((value: unknown) => void)[] = [];
    let head = 0;
    worker.addEventListener("message", ({ data }) => {
      const settle = waiting[head];
      head += 1;
      if (head === waiting.length) head = waiting.length = 0;
      settle(data);
    });
    return {
      run: (value) =>
        new Promise((resolve) => {
          waiting.push(resolve);
          worker.postMessage(value);
        }),
      stop: () => worker.terminate(),
    };
  },
};

export const importing: Maker = {
  name: "bare Worker that imports a module",
  make() {
    const worker = new web.Worker(script("importing"));
    return {
      run(value) {
        worker.postMessage({ url: tasks.href, value });
        return messages(worker);
      },
      stop: () => worker.terminate(),
    };
  },
};

/** Carries numbers from one end to the other. */
export interface Stream {
  run(count: number): Promise<unknown>;
  stop(): unknown;
}

export interface StreamMaker {
  readonly name: string;
  readonly ours?: boolean;
  make(): Stream;
}

/** How many items wait at most. Messages have no such limit. */
const ROOM = 1000;

export const queueToPage: StreamMaker = {
  name: "interpreters: putSync, await get",
  ours: true,
  make() {
    const interp = create();
    const queue = createQueue<number>(ROOM);
    return {
      async run(count) {
        const producer = interp.call(produce, queue, count);
        for (let i = 0; i < count; i++) await queue.get();
        await producer;
      },
      stop: () => interp.close({ wait: true }),
    };
  },
};

export const queueBetween: StreamMaker = {
  name: "interpreters: putSync, getSync",
  ours: true,
  make() {
    const [a, b] = [create(), create()];
    const queue = createQueue<number>(ROOM);
    return {
      run: (count) => Promise.all([a.call(produce, queue, count), b.call(consume, queue, count)]),
      stop: () => Promise.all([a.close({ wait: true }), b.close({ wait: true })]),
    };
  },
};

export const messagesToPage: StreamMaker = {
  name: "bare Worker's messages",
  make() {
    const worker = new web.Worker(script("bare"));
    return {
      run(count) {
        worker.postMessage({ count, sends: true });
        return messages(worker, count);
      },
      stop: () => worker.terminate(),
    };
  },
};

export const messagesBetween: StreamMaker = {
  name: "a MessageChannel between bare Workers",
  make() {
    const [from, to] = [new web.Worker(script("bare")), new web.Worker(script("bare"))];
    return {
      run(count) {
        const { port1, port2 } = new MessageChannel();
        to.postMessage({ count, sends: false }, [port2]);
        from.postMessage({ count, sends: true }, [port1]);
        return messages(to);
      },
      stop: () => [from, to].map((each) => each.terminate()),
    };
  },
};
