/**
 * `interpreters repl`: a prompt whose lines run in an interpreter, with commands to create, enter, list and close them.
 *
 * This file is the terminal: prompts, keys, completion and history. session.ts runs the lines. If stdin or stdout is not a
 * terminal (a pipe, a file), it only reads lines, and the exit code reports failures.
 */

import { type Interface, createInterface } from "node:readline";
import type { Engine } from "../engine.js";
import { type Io, Stop } from "../io.js";
import { HISTORY_SIZE, History, joinEntries } from "./history.js";
import { Session } from "./session.js";
import { SigintGuard } from "./sigint.js";

/** Runs until the input ends and returns the exit code. */
export async function repl(io: Io, engine: Engine): Promise<number> {
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  const session = isTerminal ? await runOnTerminal(io, engine) : await runOnPipe(io, engine);
  const { reason } = io.interrupted as { reason: unknown };
  if (io.interrupted.aborted && reason instanceof Stop) return reason.exitCode;
  return session.failed && !isTerminal ? 1 : 0;
}

async function runOnPipe(io: Io, engine: Engine): Promise<Session> {
  const lines = createInterface({ input: io.stdin, terminal: false });
  const options = { io, engine, isTerminal: false, guard: undefined };
  const session = new Session({ ...options, onDisturbed: () => undefined });
  const stop = (): void => lines.close();
  io.interrupted.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of lines) if (!(await session.take(line, () => undefined))) return session;
    await session.finish(() => undefined);
    return session;
  } finally {
    io.interrupted.removeEventListener("abort", stop);
    lines.close();
  }
}

async function runOnTerminal(io: Io, engine: Engine): Promise<Session> {
  const history = new History(io.historyFile, (message) => io.stderr.write(`interpreters: ${message}\n`));
  const terminal = new Terminal(io, history, (line) => session.complete(line));
  // Signals end a process on Windows, whatever its handlers.
  const guard =
    process.platform === "win32" ? undefined : guardSigint(io, () => terminal.unusedSignal(session));
  const session = new Session({
    io,
    engine,
    isTerminal: true,
    guard,
    onDisturbed: () => terminal.prompt(session),
  });
  io.stdout.write("Type .help for help.\n");
  await terminal.run(session);
  return session;
}

function guardSigint(io: Io, onUnused: () => void): SigintGuard {
  io.releaseSigint();
  return new SigintGuard(onUnused);
}

/** The members of a readline interface that Node's own prompt uses. */
interface Keys {
  history?: string[];
  /** Begins a new line on the screen, and forgets what was typed. */
  clearLine?: () => void;
  _ttyWrite?: (text: string, key: { ctrl?: boolean; name?: string } | undefined) => void;
}

class Terminal {
  readonly #io: Io;
  readonly #lines: Interface;
  readonly #history: History;
  #isClosed = false;
  /** Whether the last key was a Ctrl-C at an empty prompt: the next one leaves. */
  #isLeaving = false;

  constructor(io: Io, history: History, complete: (line: string) => Promise<[string[], string]>) {
    this.#io = io;
    this.#history = history;
    this.#lines = createInterface({
      input: io.stdin,
      output: io.stdout,
      terminal: true,
      history: history.read(),
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void complete(line).then((result) => done(null, result));
      },
    });
  }

  async run(session: Session): Promise<void> {
    const lines = this.#lines;
    lines.on("SIGINT", () => this.#interrupt(session));
    lines.on("line", () => (this.#isLeaving = false));
    // The input may end while a line is running, after which there must be no prompt.
    lines.once("close", () => (this.#isClosed = true));
    lines.on("history", (entries: string[]) => this.#history.write(entries));
    this.#endEditorByKey(session);
    const stop = (): void => lines.close();
    this.#io.interrupted.addEventListener("abort", stop, { once: true });
    try {
      this.prompt(session);
      for await (const line of lines) {
        // The key that ends `.editor`. (An entry of the history can have line breaks, but never this one alone.)
        const goesOn =
          line === END_OF_EDITOR && session.isEditing
            ? (await session.finish(this.#join), true)
            : await session.take(line, this.#join);
        if (!goesOn) break;
        this.prompt(session);
      }
    } finally {
      this.#io.interrupted.removeEventListener("abort", stop);
      lines.close();
    }
  }

  prompt(session: Session): void {
    if (this.#isClosed || session.isRunning) return;
    this.#lines.setPrompt(session.promptText);
    this.#lines.prompt(true);
  }

  /** SIGINT came while no synchronous code ran: from Ctrl-C during a wait, or from elsewhere. */
  unusedSignal(session: Session): void {
    if (session.isRunning) session.interruptWait();
    else this.#interrupt(session);
  }

  #interrupt(session: Session): void {
    if (session.isRunning) {
      session.interrupt();
      return;
    }
    const isEmpty = !session.isInputBegun && !session.isEditing && this.#lines.line === "";
    if (isEmpty && this.#isLeaving) {
      this.#lines.close();
      return;
    }
    (this.#lines as Interface & Keys).clearLine?.();
    if (isEmpty) this.#io.stdout.write("(To leave, press Ctrl-C again or Ctrl-D, or type .exit)\n");
    this.#isLeaving = isEmpty;
    session.discard();
    this.prompt(session);
  }

  /** Ctrl-D on an empty line ends the input, unless `.editor` collects lines: it then runs them. */
  #endEditorByKey(session: Session): void {
    const keys = this.#lines as Interface & Keys;
    const write = keys._ttyWrite?.bind(keys);
    if (write === undefined) return;
    keys._ttyWrite = (text, key) => {
      if (key?.ctrl === true && key.name === "d" && session.isEditing && !session.isRunning) {
        const { line } = keys;
        if (line !== "") keys.write("\n");
        this.#io.stdout.write("\n");
        keys.emit("line", END_OF_EDITOR);
        return;
      }
      write(text, key);
    };
  }

  /** One entry of the history for the lines of one input. */
  readonly #join = (lines: readonly string[]): void => {
    const { history } = this.#lines as Interface & Keys;
    if (history === undefined) return;
    joinEntries(history, lines);
    this.#history.write(history);
  };
}

const END_OF_EDITOR = "\n";
