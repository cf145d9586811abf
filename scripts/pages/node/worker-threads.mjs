/** The `node:worker_threads` of the helpers, which start a watchdog with it. The page has one of its own. */
export class Worker {
  on() {
    return this;
  }
  once() {
    return this;
  }
  unref() {}
  async terminate() {}
}

export const isMainThread = true;
export const threadId = 0;
