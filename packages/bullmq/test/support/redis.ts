/** A redis-server of the test's own: on a free port of the loopback, in a folder of its own, gone with the test. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** Why these tests are skipped, or false: the value of node:test's option `skip`. */
export const skip: string | false =
  spawnSync("redis-server", ["--version"]).status === 0
    ? false
    : "redis-server is not installed (on Debian: apt-get install redis-server)";

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

export class Redis {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  /** Starts one. `options` as on redis-server's command line. */
  static async start(...options: string[]): Promise<Redis> {
    const folder = await mkdtemp(path.join(tmpdir(), "interpreters-redis-"));
    const redis = new Redis(await freePort(), folder, options);
    await redis.resume();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what it has stored. */
  async resume(): Promise<void> {
    const fixed = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder, "--save", ""];
    this.#process = spawn("redis-server", [...fixed, "--maxmemory-policy", "noeviction", ...this.#options], {
      stdio: "ignore",
    });
    while (!(await answers(this.port))) {
      if (this.#process.exitCode !== null)
        throw new Error(`redis-server ended with ${this.#process.exitCode}`);
      await delay(20);
    }
  }

  /** Has it execute a command, and returns its answer as text. */
  async command(...args: string[]): Promise<string> {
    const child = spawn("redis-cli", ["-p", String(this.port), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return (await text(child.stdout)).trim();
  }

  async keys(): Promise<string[]> {
    return (await this.command("--scan")).split("\n").filter((key) => key !== "");
  }

  /** Stops it as an operator would (SIGTERM), or kills it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { exitCode, signalCode } = this.#process ?? { exitCode: 0, signalCode: null };
    if (this.#process === undefined || exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [data] = (await once(socket, "data")) as [Buffer];
    // While it reads its log it answers -LOADING. With a password it answers -NOAUTH.
    return data.toString().startsWith("+PONG") || data.toString().startsWith("-NOAUTH");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A proxy on the loopback whose connections can be cut, or go dead without an error. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Whether bytes are dropped, and new connections get no answer. */
  #dropping = false;
  readonly #stranded = new WeakSet<readonly [Socket, Socket]>();
  port = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect(target, "127.0.0.1");
      const pair = [client, server] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [server, client] as const]) {
        from.on("data", (bytes) => {
          if (!this.#dropping && !this.#stranded.has(pair)) to.write(bytes);
        });
        from.on("error", () => undefined);
        from.on("close", () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.port = (proxy.#server.address() as { port: number }).port;
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends all connections. New ones can be made. */
  cut(): void {
    for (const [client, server] of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** From now on drops what it gets, until `restore`. */
  drop(): void {
    this.#dropping = true;
  }

  /** The connections that there are go dead. New ones work. */
  strand(): void {
    for (const pair of this.#pairs) this.#stranded.add(pair);
  }

  /** Passes bytes on again. Connections that lost some are ended: a network would have repeated those bytes. */
  restore(): void {
    this.#dropping = false;
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await Promise.resolve();
  }
}
