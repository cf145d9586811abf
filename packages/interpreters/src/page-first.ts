/**
 * The script that the supervisor's thread starts with: it starts the thread of the first interpreter, for whose sake the supervisor is started, and
 * loads the supervisor while that thread loads its own script.
 */
import { EARLY } from "./platform/browser/early.js";
import type { Files } from "./platform/browser/start.js";

interface Message {
  readonly data: { readonly files: Files };
}

const here = globalThis as unknown as {
  readonly Worker: new (url: string) => object;
  readonly MessageEvent: new (type: string, options: object) => object;
  importScripts(url: string): void;
  addEventListener(type: string, listener: (event: Message) => void, options: object): void;
  dispatchEvent(event: object): void;
  [EARLY]?: object;
};

here.addEventListener(
  "message",
  ({ data }) => {
    here[EARLY] = new here.Worker(data.files.interpreter);
    here.importScripts(data.files.supervisor);
    // It waits for this message.
    here.dispatchEvent(new here.MessageEvent("message", { data }));
  },
  { once: true },
);
