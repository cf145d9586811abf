/**
 * The connection of `interpreters top` to a process: a socket in a folder that only this user can enter, as the library opens it
 * (packages/interpreters/src/observe/socket.ts). Requests and answers are lines of JSON, in order.
 */
import { lstatSync, readdirSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError, systemMessage } from "../errors.js";
import type { Snapshot } from "./snapshot.js";

const HOW = "start it with INTERPRETERS_INSPECT=1, or call inspectable() in it";
/** The answers' format. */
const VERSION = 1;

/** Connects to a process; without an id, to the only one that can be looked at. @throws UsageError saying why there is none */
export async function attach(pid: number | undefined): Promise<Connection> {
  if (pid === undefined) return await onlyOne();
  for (const folder of folders()) {
    const socket = await open(folder, pid);
    if (socket !== undefined) return new Connection(socket, pid);
  }
  throw new UsageError(whyNot(pid));
}

async function onlyOne(): Promise<Connection> {
  const found: [number, Socket][] = [];
  for (const folder of folders()) {
    for (const name of readdirSync(folder)) {
      const [, pid] = /^(\d+)\.sock$/.exec(name) ?? [];
      if (pid === undefined) continue;
      const socket = await open(folder, Number(pid));
      if (socket !== undefined) found.push([Number(pid), socket]);
    }
  }
  if (found.length === 1) return new Connection(found[0][1], found[0][0]);
  for (const [, socket] of found) socket.destroy();
  if (found.length === 0) throw new UsageError(`no process can be looked at: ${HOW}`);
  throw new UsageError(`say which process: ${found.map(([pid]) => pid).join(", ")}`);
}

/** Where the sockets of this user's processes are. The process may have had another TMPDIR. */
function folders(): string[] {
  const user = process.getuid?.();
  if (user === undefined) throw new UsageError("interpreters top does not work on Windows");
  return [...new Set([tmpdir(), "/tmp"])]
    .map((base) => join(base, `interpreters-${user}`))
    .filter((folder) => {
      const found = lstatSync(folder, { throwIfNoEntry: false });
      // Another user could answer in the place of the process.
      return found !== undefined && found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0;
    });
}

/** Resolves to undefined if no process listens there. */
async function open(folder: string, pid: number): Promise<Socket | undefined> {
  const file = join(folder, `${pid}.sock`);
  const socket = connect(file);
  try {
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return socket;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED") {
      // Its process was killed; or it has made the socket, and listens in a moment.
      if (processOf(pid) === "gone") rmSync(file, { force: true });
      return undefined;
    }
    if (code === "ENOENT") return undefined;
    throw new UsageError(`cannot connect to ${file}: ${systemMessage(error)}`);
  }
}

/** Whether there is such a process, and whether this user may send it signals. */
function processOf(pid: number): "own" | "foreign" | "gone" {
  try {
    process.kill(pid, 0);
    return "own";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "foreign" : "gone";
  }
}

function whyNot(pid: number): string {
  const whose = processOf(pid);
  if (whose === "foreign") return `process ${pid} belongs to another user, who alone can look at it`;
  if (whose === "gone") return `there is no process ${pid}`;
  const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
  if (owner !== undefined && owner !== process.getuid?.())
    return `process ${pid} belongs to another user (${owner}), who alone can look at it`;
  return `process ${pid} cannot be looked at: ${HOW}`;
}

/** The process has ended, or was never ours to ask. */
export class Gone extends Error {}

export class Connection {
  readonly pid: number;
  readonly #socket: Socket;
  readonly #waiting: { resolve(answer: unknown): void; reject(error: unknown): void }[] = [];
  #rest = "";

  constructor(socket: Socket, pid: number) {
    this.pid = pid;
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text) => this.#read(String(text)));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(this.#gone());
    });
  }

  async snapshot(): Promise<Snapshot> {
    const answer = (await this.#ask({ get: "snapshot" })) as Snapshot;
    if (answer.version === VERSION) return answer;
    throw new UsageError(`process ${this.pid} uses another version of interpreters`);
  }

  /** Returns false if there is no such interpreter, or it is the main one. */
  async terminate(id: number): Promise<boolean> {
    return ((await this.#ask({ terminate: id })) as { terminated?: unknown }).terminated === true;
  }

  close(): void {
    this.#socket.destroy();
  }

  #gone(): Gone {
    return new Gone(`process ${this.pid} has ended`);
  }

  #ask(request: object): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      let answer: unknown;
      try {
        answer = JSON.parse(line);
      } catch {
        // Another program listens there by now.
        this.#socket.destroy();
        return;
      }
      this.#waiting.shift()?.resolve(answer);
    }
  }
}
