/** The command `interpreters top`: shows what a running process does. */
import { setTimeout as delay } from "node:timers/promises";
import { type Io, Stop } from "../io.js";
import { attach, type Connection, Gone } from "./attach.js";
import { render, type Sort, sorted, SORTS, type View } from "./screen.js";
import { ratesOf, type Snapshot } from "./snapshot.js";

export interface TopOptions {
  readonly pid: number | undefined;
  readonly json: boolean;
  readonly interval: number;
}

/** Milliseconds between the two looks at what only a difference shows: rates, and how busy a loop is. */
const SHORT = 300;

const ALTERNATE = "\u001B[?1049h\u001B[?25l";
const BACK = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/** Returns the exit code. @throws UsageError there is no such process, or it cannot be looked at */
export async function top(options: TopOptions, io: Io): Promise<number> {
  const connection = await attach(options.pid);
  try {
    if (options.json || io.stdout.isTTY !== true) {
      await once(connection, options.json, io);
      return 0;
    }
    await new Screen(connection, options.interval, io).run();
    return 0;
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    const { reason } = io.interrupted as { reason: unknown };
    if (reason instanceof Stop) return reason.exitCode;
    io.stderr.write(`interpreters: ${error.message}\n`);
    return 1;
  } finally {
    connection.close();
  }
}

async function once(connection: Connection, json: boolean, { stdout, interrupted }: Io): Promise<void> {
  // A process that is stopped does not answer.
  interrupted.addEventListener("abort", () => connection.close());
  const before = await connection.snapshot();
  await delay(SHORT);
  const snapshot = await connection.snapshot();
  if (json) {
    const rates = ratesOf(before, snapshot);
    const queues = snapshot.queues.map((queue) => ({ ...queue, rates: rates.get(queue.id) ?? null }));
    stdout.write(`${JSON.stringify({ ...snapshot, queues }, undefined, 2)}\n`);
    return;
  }
  const view: View = { sort: "id", selected: undefined, message: "", columns: 120, rows: 0, styled: false };
  stdout.write(`${render(snapshot, before, view).join("\n")}\n`);
}

const UP = "\u001B[A";
const DOWN = "\u001B[B";

/** The keys in what a terminal has sent at once: a pasted text, or a fast hand. */
export function* keysOf(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const arrow = [UP, DOWN].find((key) => text.startsWith(key, at));
    const key = arrow ?? text[at];
    yield key;
    at += key.length;
  }
}

class Screen {
  readonly #connection: Connection;
  readonly #interval: number;
  readonly #io: Io;
  #before: Snapshot | undefined;
  #snapshot: Snapshot | undefined;
  #sort: Sort = "id";
  #selected: number | undefined;
  #message = "";
  /** The interpreter to terminate once that is confirmed. */
  #asked: number | undefined;
  #quit = false;
  /** Resolves when the user quits, also while the process does not answer. */
  readonly #quitting: Promise<void>;
  #endQuitting = (): void => {};
  /** Ends the wait for the next look. */
  #wake = (): void => {};

  constructor(connection: Connection, interval: number, io: Io) {
    this.#connection = connection;
    this.#interval = interval;
    this.#io = io;
    this.#quitting = new Promise((resolve) => (this.#endQuitting = resolve));
  }

  async run(): Promise<void> {
    const { interrupted, stdout } = this.#io;
    const stdin = this.#io.stdin as NodeJS.ReadStream;
    const terminal = stdout as NodeJS.WriteStream;
    const pressed = (keys: string): void => this.#press(keys);
    const stop = (): void => this.#end();
    const resized = (): void => this.#draw();
    stdout.write(ALTERNATE);
    terminal.on("resize", resized);
    interrupted.addEventListener("abort", stop);
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.setEncoding("utf8").on("data", pressed).resume();
    try {
      while (!this.#quit) {
        // Two looks soon after each other at first: rates need both.
        await Promise.race([this.#look(), this.#quitting]);
        if (!this.#quit) await this.#wait(this.#before === undefined ? SHORT : this.#interval);
      }
    } finally {
      stdin.off("data", pressed).pause();
      if (stdin.isTTY) stdin.setRawMode(false);
      terminal.off("resize", resized);
      interrupted.removeEventListener("abort", stop);
      stdout.write(BACK);
    }
  }

  #end(): void {
    this.#quit = true;
    this.#endQuitting();
    this.#wake();
  }

  async #look(): Promise<void> {
    const snapshot = await this.#connection.snapshot();
    this.#before = this.#snapshot;
    this.#snapshot = snapshot;
    if (!this.#quit) this.#draw();
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #draw(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    // A terminal that does not say its size gives 0.
    const terminal = this.#io.stdout as NodeJS.WriteStream;
    const [columns, rows] = [terminal.columns || 80, terminal.rows || 24];
    const view: View = {
      sort: this.#sort,
      selected: this.#selected,
      message: this.#message,
      columns,
      rows,
      styled: true,
    };
    const lines = render(snapshot, this.#before, view).map((line) => line + CLEAR_LINE);
    this.#io.stdout.write(HOME + lines.join("\r\n") + CLEAR_BELOW);
  }

  #press(keys: string): void {
    for (const key of keysOf(keys)) this.#key(key);
    this.#draw();
  }

  #key(key: string): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#message = "";
    if (asked !== undefined) {
      if (key === "y") void this.#terminate(asked);
      return;
    }
    if (key === "q" || key === "\u0003") {
      this.#end();
    } else if (key in SORTS) this.#sort = SORTS[key];
    else if (key === UP) this.#select(-1);
    else if (key === DOWN) this.#select(1);
    else if (key === "k") {
      if (this.#selected === undefined) this.#message = "Select an interpreter first: ↑ ↓";
      else if (this.#selected === 0)
        this.#message = "The main interpreter cannot be terminated: end the process instead";
      else {
        this.#asked = this.#selected;
        this.#message = `Terminate interpreter ${this.#selected}? y/n`;
      }
    }
  }

  #select(by: number): void {
    if (this.#snapshot === undefined) return;
    const ids = sorted(this.#snapshot, this.#sort).map(({ id }) => id);
    const at = this.#selected === undefined ? -1 : ids.indexOf(this.#selected);
    const next = at === -1 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by));
    this.#selected = ids[next];
  }

  async #terminate(id: number): Promise<void> {
    try {
      const done = await this.#connection.terminate(id);
      this.#message = done
        ? `Interpreter ${id} was terminated`
        : `Interpreter ${id} cannot be terminated: it is gone, or create() did not make it`;
    } catch {
      // The next look says that the process has ended.
    }
    this.#wake();
  }
}
