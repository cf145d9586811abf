/** Connections to Redis: how users give them, what their errors mean, and a watch for those that are dead without saying so. */
import type { ConnectionOptions, IRedisClient, RedisOptions } from "bullmq";
import { makeError, messageOf } from "./errors.js";
import { clearInterval, setInterval } from "./timers.js";
import { InterpreterError } from "interpreters";

/** A URL (`redis://`, `rediss://`), BullMQ's connection options, or a client of one of the drivers that BullMQ takes. */
export type Connection = string | URL | ConnectionOptions;

/** Milliseconds between two looks at a connection, and that it may take to answer. */
const WATCH_EVERY = 3000;
const ANSWER_WITHIN = 8000;

/** Turns what the user gave into BullMQ's options. @throws TypeError a bad URL or a value of another type */
export function connectionOf(given: unknown, what: string): ConnectionOptions {
  if (typeof given === "string" || given instanceof URL) return { ...optionsOfUrl(given, what), ...WAITING };
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `${what}: connection must be a URL such as redis://127.0.0.1:6379, or BullMQ's connection options, found ${typeof given}`,
    );
  }
  if (isClient(given)) return given;
  return { ...(given as RedisOptions), ...WAITING };
}

/** Whether the user gave a client, and not options. Clients have methods, options have none. */
export function isClient(given: object): boolean {
  return "duplicate" in given;
}

/** Commands wait for the connection to come back, however long that takes: nothing is lost meanwhile. */
const WAITING = { maxRetriesPerRequest: null };

function optionsOfUrl(given: string | URL, what: string): RedisOptions {
  const text = String(given);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    throw new TypeError(
      `${what}: ${hidePassword(text)} is no URL of a Redis server; it must look like redis://user:password@host:6379/0, or rediss:// with TLS`,
    );
  }
  return { url: url.href };
}

/** Where a connection leads, for messages. Never shows a password. */
export function placeOf(connection: ConnectionOptions): string {
  const { url, host, port, options, startupNodes } = connection as RedisOptions & {
    options?: RedisOptions;
    startupNodes?: readonly unknown[];
  };
  if (typeof url === "string") return shown(url);
  const [node] = startupNodes ?? [];
  if (typeof node === "string") return shown(node);
  const { host: inner, port: innerPort } = options ?? (Object(node) as RedisOptions);
  return `redis://${host ?? inner ?? "127.0.0.1"}:${port ?? innerPort ?? 6379}`;
}

/** A URL without its password and its query, which may have one, too. */
function shown(url: string): string {
  if (!URL.canParse(url)) return hidePassword(url);
  const { protocol, username, password, host, pathname } = new URL(url);
  return `${protocol}//${username || password ? "…@" : ""}${host}${pathname === "/" ? "" : pathname}`;
}

/** For what is no URL: a password may have any characters. */
function hidePassword(text: string): string {
  return text.replace(/^([a-z+.-]*:?\/*).*@/is, "$1…@").replace(/\?.*/s, "");
}

/** Whether Redis has answered, and refuses: waiting does not help. */
export function isRefusal(error: unknown): boolean {
  return HINTS.some(([pattern]) => pattern.test(messageOf(error)));
}

/** Advice about refusals. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /unable to verify|certificate/i,
    "name its certificate authority in NODE_EXTRA_CA_CERTS, or in the connection option tls.ca",
  ],
  [
    /^MOVED|CROSSSLOT|^CLUSTERDOWN|non local key/i,
    'it is a cluster: give a cluster client as the connection, such as new Cluster(…) of ioredis, and a prefix in braces, such as "{bull}"',
  ],
  [/^READONLY/, "it is a replica: give the address of the primary"],
  [/NOPERM/, "give that user the right to do so"],
  [
    /WRONGPASS|NOAUTH|invalid (?:username-)?password|ERR AUTH|ERR invalid DB/i,
    "check the user and password in the URL, and the number of the database",
  ],
];

/** Advice about an error of Redis, or undefined if there is no advice. */
export function hintFor(error: unknown): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
}

/** The error for a connection that cannot be made or used, with what to do. */
export function connectionError(place: string, error: unknown): InterpreterError {
  if (error instanceof InterpreterError) return error;
  const { code = "no answer" } = Object(error) as { code?: string };
  // The error of several addresses has no message.
  const reason = messageOf(error) || code;
  const hint = hintFor(error);
  if (hint !== undefined)
    return makeError(
      "ERR_REDIS_REFUSED",
      `Cannot use Redis at ${place}: it refused the connection: ${reason} (${hint})`,
      error,
    );
  return makeError(
    "ERR_REDIS_UNREACHABLE",
    `Cannot reach Redis at ${place}: ${reason} (check that it runs there, that host and port are right, and that no firewall is between)`,
    error,
  );
}

/** @throws InterpreterError the keys of a queue, one of which is given, would lie on several machines of a cluster */
export function checkCluster(client: IRedisClient, key: string, place: string): void {
  if (!client.isCluster || /\{[^}]+\}/.test(key)) return;
  throw makeError(
    "ERR_REDIS_REFUSED",
    `Cannot use Redis at ${place}: it is a cluster, which would spread the queue's keys over its machines (give a prefix in braces, such as "{bull}")`,
  );
}

/**
 * Renews a connection whose blocking read is overdue: one that is dead without an error would wait for ever. The driver sends the read again.
 * Without a connection, nothing is renewed. Returns a function that ends the watch.
 */
export function watchRead(client: IRedisClient, within = ANSWER_WITHIN): () => void {
  const timer = setInterval(() => {
    if (client.status === "ready" || client.status === "connect") client.disconnect(true);
  }, within);
  return () => clearInterval(timer);
}

/**
 * Looks at a connection now and then, and renews it if it does not answer: a network that drops packets without an error would
 * keep commands waiting until the system gives up, after many minutes.
 */
export class ConnectionWatch {
  readonly #timer: NodeJS.Timeout;
  /** It waits for this since then: the answer to a question, or to the driver's greeting on a new connection. */
  #waits: "answer" | "greeting" | undefined;
  #since = 0;

  /**
   * @param ask asks something of the server
   * @param every milliseconds between two looks
   * @param within milliseconds in which an answer must come
   */
  constructor(
    client: IRedisClient,
    ask: () => Promise<unknown>,
    every = WATCH_EVERY,
    within = ANSWER_WITHIN,
  ) {
    this.#timer = setInterval(() => {
      const { status } = client;
      const expected = status === "ready" ? "answer" : status === "connect" ? "greeting" : undefined;
      const now = performance.now();
      if (this.#waits === undefined || this.#waits !== expected) {
        this.#waits = expected;
        this.#since = now;
        if (expected !== "answer") return;
        const answered = (): void => {
          if (this.#waits === "answer") this.#waits = undefined;
        };
        ask().then(answered, answered);
      } else if (now - this.#since > within) {
        this.#waits = undefined;
        client.disconnect(true);
      }
    }, every);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
