/**
 * `interpreters repl`: a prompt whose lines run in an interpreter, with commands to create, enter, list and close them.
 *
 * `exec` runs each line. The value of an expression is kept there as `$_` and shown. An incomplete line is continued on the
 * next one. If stdin or stdout is not a terminal (a pipe, a file), there are no prompts, and the exit code reports failures.
 */

import { createInterface, type Interface } from "node:readline";
import type { Engine, InterpreterLike } from "./engine.js";
import { describeError, oneLine } from "./errors.js";
import { type Io, Stop } from "./io.js";
import { isExpression, isIncomplete } from "./syntax.js";

const HELP = `Lines run in the interpreter that the prompt names: JavaScript or TypeScript. The last result is $_.
  .create [name]  create an interpreter and enter it
  .enter <id>     enter another interpreter
  .list           list all interpreters
  .close [id]     close an interpreter (the current one by default)
  .break          discard the incomplete lines
  .help           show this text
  .exit           leave (Ctrl-D)
`;

const GONE: ReadonlySet<string | undefined> = new Set(["ERR_INTERPRETER_DIED", "ERR_INTERPRETER_NOT_FOUND"]);

/** Runs until the input ends and returns the exit code. */
export async function repl(io: Io, engine: Engine): Promise<number> {
  const isTerminal = io.stdin.isTTY === true && io.stdout.isTTY === true;
  const lines = createInterface({
    input: io.stdin,
    ...(isTerminal && { output: io.stdout }),
    terminal: isTerminal,
    historySize: 1000,
    removeHistoryDuplicates: true,
  });
  const session = new Session(io, engine, isTerminal);
  lines.on("SIGINT", () => session.interrupt(lines));
  // The input may end while a line is running, after which there must be no prompt.
  lines.once("close", () => session.close());
  const stop = (): void => lines.close();
  io.interrupted.addEventListener("abort", stop, { once: true });
  try {
    if (isTerminal) io.stdout.write("Type .help for help.\n");
    session.prompt(lines);
    for await (const line of lines) {
      if (!(await session.take(line))) break;
      session.prompt(lines);
    }
    await session.end();
  } finally {
    io.interrupted.removeEventListener("abort", stop);
    lines.close();
  }
  const { reason } = io.interrupted as { reason: unknown };
  if (io.interrupted.aborted && reason instanceof Stop) return reason.exitCode;
  return session.failed && !isTerminal ? 1 : 0;
}

class Session {
  failed = false;
  readonly #io: Io;
  readonly #engine: Engine;
  readonly #isTerminal: boolean;
  #current: InterpreterLike | undefined;
  /** The incomplete lines so far. */
  #begun = "";
  #running: AbortController | undefined;
  #isClosed = false;

  constructor(io: Io, engine: Engine, isTerminal: boolean) {
    this.#io = io;
    this.#engine = engine;
    this.#isTerminal = isTerminal;
  }

  close(): void {
    this.#isClosed = true;
  }

  prompt(lines: Interface): void {
    if (!this.#isTerminal || this.#isClosed) return;
    lines.setPrompt(this.#begun === "" ? `${this.#current?.id ?? "-"}> ` : "... ");
    lines.prompt();
  }

  /** Handles Ctrl-C on a terminal. Running JavaScript can be stopped only by ending its interpreter. */
  interrupt(lines: Interface): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    if (this.#begun === "" && lines.line === "") this.#say("\n(To leave, press Ctrl-D or type .exit)\n");
    else this.#say("\n");
    this.#begun = "";
    // Erases the typed line.
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    this.prompt(lines);
  }

  /** Runs a line or a command. Returns false after `.exit`. */
  async take(line: string): Promise<boolean> {
    const command = /^\s*\.([a-z]+)(?:\s+(.*?))?\s*$/.exec(line);
    if (command !== null && (this.#begun === "" || command[1] === "break")) {
      return await this.#command(command[1], command[2]);
    }
    const code = this.#begun === "" ? line : `${this.#begun}\n${line}`;
    if (await isIncomplete(code)) this.#begun = code;
    else {
      this.#begun = "";
      await this.#run(code);
    }
    return true;
  }

  /** Call at the end of the input. Lines that are still incomplete are run, and fail. */
  async end(): Promise<void> {
    if (this.#begun !== "" && !this.#isTerminal) await this.#run(this.#begun);
  }

  async #command(name: string, argument: string | undefined): Promise<boolean> {
    switch (name) {
      case "exit":
        return false;
      case "help":
        this.#say(HELP);
        break;
      case "break":
        this.#begun = "";
        break;
      case "create":
        this.#current = this.#engine.create(argument);
        break;
      case "list":
        for (const { id, name: label, whence } of this.#engine.listAll()) {
          this.#say(
            `${id === this.#current?.id ? "*" : " "} ${id}  ${whence}${label === undefined ? "" : `  ${label}`}\n`,
          );
        }
        break;
      case "enter":
        this.#current = this.#find(argument) ?? this.#current;
        break;
      case "close":
        await this.#close(argument === undefined ? this.#current : this.#find(argument));
        break;
      default:
        this.#fail(`there is no command .${name}; see .help`);
    }
    return true;
  }

  #find(id: string | undefined): InterpreterLike | undefined {
    const found = this.#engine.listAll().find((each) => String(each.id) === id);
    if (found === undefined)
      this.#fail(
        id === undefined
          ? "name an interpreter by its id; see .list"
          : `there is no interpreter ${id}; see .list`,
      );
    return found;
  }

  async #close(target: InterpreterLike | undefined): Promise<void> {
    if (target === undefined) return;
    try {
      await target.close();
      if (target.id === this.#current?.id) this.#current = undefined;
    } catch (error) {
      this.#fail(oneLine(describeError(error)));
    }
  }

  async #run(code: string): Promise<void> {
    if (code.trim() === "") return;
    const target = (this.#current ??= this.#engine.create());
    this.#running = new AbortController();
    const signal = AbortSignal.any([this.#running.signal, this.#io.interrupted]);
    try {
      if (!isExpression(code)) await target.exec(code, { filename: "repl", signal });
      else {
        const text = code.replace(/[\s;]+$/, "");
        await target.exec(`$_=(${text}\n)`, { filename: "repl", signal });
        const shown = await target.with({ signal }).call(showResult, this.#isTerminal);
        if (shown !== undefined) this.#say(`${shown}\n`);
      }
    } catch (error) {
      const display = this.#engine.displayOf(error);
      const failure = describeError(error);
      this.#fail(display?.replace("$_=(", "    ") ?? oneLine(failure));
      // The interpreter is gone, or about to be.
      if (GONE.has(failure.code)) this.#current = undefined;
    } finally {
      this.#running = undefined;
    }
  }

  #say(text: string): void {
    this.#io.stdout.write(text);
  }

  #fail(text: string): void {
    this.failed = true;
    this.#io.stderr.write(`${text.trimEnd()}\n`);
  }
}

/** Runs in the interpreter, and returns the display of `$_`. */
function showResult(colors: boolean): string | undefined {
  const { $_: result } = globalThis as { $_?: unknown };
  if (result === undefined) return undefined;
  return process.getBuiltinModule("node:util").inspect(result, { colors });
}
