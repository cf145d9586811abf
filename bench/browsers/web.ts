/** The few declarations of the web that these pages need. All of them together would collide with those of Node. */

interface Message {
  readonly data: unknown;
  readonly ports: readonly Port[];
}

/** It sends and gets messages. */
export interface Endpoint {
  addEventListener(type: "message", listener: (event: Message) => void): void;
  removeEventListener(type: "message", listener: (event: Message) => void): void;
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
}

export interface Port extends Endpoint {
  start(): void;
}

export interface WebWorker extends Endpoint {
  terminate(): void;
}

export const web = globalThis as unknown as Endpoint & {
  readonly Worker: new (url: string) => WebWorker;
  readonly location: { readonly search: string; replace(url: string): void };
  readonly fetch: (url: string, options: object) => Promise<unknown>;
};

/** The scripts of workers, each bundled with what it imports (scripts/bench-browsers.mjs). */
export const script = (name: string): string => `/bench/${name}.worker.js`;

/** Resolves with the last of the next `count` messages. */
export function messages(from: Endpoint, count = 1): Promise<unknown> {
  return new Promise((resolve) => {
    let received = 0;
    const listener = ({ data }: Message): void => {
      received += 1;
      if (received < count) return;
      from.removeEventListener("message", listener);
      resolve(data);
    };
    from.addEventListener("message", listener);
  });
}
