/**
 * Executes the lines of a prompt: as code in the current interpreter, or as commands for the prompt itself.
 *
 * A line runs by `exec`. The value of an expression is kept there as `$_` and shown. Incomplete lines are kept until the rest comes.
 * Ctrl-C ends what runs, and its interpreter keeps its variables: SIGINT interrupts synchronous code (sigint.ts), a message ends a
 * wait (inside.ts). Code that neither stops (a native call, a loop behind an `await`) ends with its interpreter, at the next Ctrl-C.
 */

import { BroadcastChannel } from "node:worker_threads";
import type { Engine, InterpreterLike } from "../engine.js";
import { describeError, oneLine } from "../errors.js";
import { type Io } from "../io.js";
import { KEEP, type Place, atPrompt, isOfTheLine, lineName } from "./display.js";
import { type Signal, channelOf } from "./inside.js";
import type * as Inside from "./inside.js";
import type { SigintGuard } from "./sigint.js";
import { hasTypeArguments, isIncomplete, kindOf, lastExpression } from "./syntax.js";

const HELP = `Lines run in the interpreter that the prompt names: JavaScript or TypeScript. The last result is $_.
  .create [name]  create an interpreter and enter it
  .enter <id>     enter another interpreter
  .list           list all interpreters
  .close [id]     close an interpreter (the current one by default)
  .editor         type several lines: Ctrl-D runs them, Ctrl-C discards them
  .break          discard the incomplete lines
  .help           show this text
  .exit           leave (Ctrl-D)
Ctrl-C stops what runs, and keeps the variables. Tab completes names.
`;

export const COMMANDS = [".break", ".close", ".create", ".editor", ".enter", ".exit", ".help", ".list"];

const GONE: ReadonlySet<string | undefined> = new Set(["ERR_INTERPRETER_DIED", "ERR_INTERPRETER_NOT_FOUND"]);
const INTERRUPTED = "ERR_SCRIPT_EXECUTION_INTERRUPTED";
/** How long to wait, in milliseconds, before saying that the code does not stop. */
const PATIENCE = 1000;
/** How long a completion may wait for an interpreter that works for others; milliseconds. */
const COMPLETION_WAIT = 300;

/** The line that runs. */
interface Running {
  readonly stop: AbortController;
  hint: NodeJS.Timeout | undefined;
  isHinted: boolean;
}

export interface SessionOptions {
  readonly io: Io;
  readonly engine: Engine;
  readonly isTerminal: boolean;
  /** Directs SIGINT, on a terminal. */
  readonly guard: SigintGuard | undefined;
  /** Something was printed while the prompt waited for a line. */
  onDisturbed(): void;
}

export class Session {
  failed = false;
  /** Whether `.editor` collects the lines. */
  isEditing = false;
  readonly #options: SessionOptions;
  readonly #inside: typeof Inside;
  #current: InterpreterLike | undefined;
  /** Created or entered at the prompt. Without a handle to it, an interpreter is closed when the garbage is collected. */
  readonly #held = new Map<number, InterpreterLike>();
  /** The incomplete lines so far. */
  #begun: string[] = [];
  #running: Running | undefined;
  #lines = 0;
  /** Where inputs have KEEP, by their names. */
  readonly #kept = new Map<string, Place>();
  /** The connections to the interpreters that were entered. */
  readonly #channels = new Map<number, BroadcastChannel>();

  constructor(options: SessionOptions) {
    this.#options = options;
    // References, which this thread does not call.
    this.#inside = options.engine.fromModule(
      new URL("./inside.js", import.meta.url),
    ) as unknown as typeof Inside;
  }

  get promptText(): string {
    if (this.isEditing) return "";
    return this.#begun.length === 0 ? `${this.#current?.id ?? "-"}> ` : "... ";
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get isInputBegun(): boolean {
    return this.#begun.length > 0;
  }

  /** Runs a line or a command. Returns false after `.exit`. `onWhole` gets the lines of an input that took several. */
  async take(line: string, onWhole: (lines: readonly string[]) => void): Promise<boolean> {
    if (this.isEditing) {
      this.#begun.push(line);
      return true;
    }
    const command = /^\s*\.([a-z]+)(?:\s+(.*?))?\s*$/.exec(line);
    if (command !== null && (this.#begun.length === 0 || command[1] === "break")) {
      return await this.#command(command[1], command[2]);
    }
    const lines = [...this.#begun, line];
    const code = lines.join("\n");
    if (await isIncomplete(code)) this.#begun = lines;
    else {
      this.#begun = [];
      if (lines.length > 1) onWhole(lines);
      await this.#run(code);
    }
    return true;
  }

  /** Runs the lines of `.editor`, or at the end of the input those that are incomplete, which fail. */
  async finish(onWhole: (lines: readonly string[]) => void): Promise<void> {
    const lines = this.#begun;
    this.discard();
    if (lines.length > 1) onWhole(lines);
    await this.#run(lines.join("\n"));
  }

  discard(): void {
    this.#begun = [];
    this.isEditing = false;
  }

  /** Stops the line that runs. */
  interrupt(): void {
    const running = this.#running;
    if (running === undefined) return;
    const { guard } = this.#options;
    if (guard === undefined || running.isHinted) {
      running.stop.abort();
      return;
    }
    if (!guard.send()) this.interruptWait();
    running.hint ??= setTimeout(() => {
      running.isHinted = true;
      this.#say(
        `(it does not stop; press Ctrl-C again to end interpreter ${this.#current?.id ?? ""} with its variables)\n`,
      );
    }, PATIENCE);
  }

  /** No synchronous code was interrupted: ends what the line awaits. */
  interruptWait(): void {
    const channel = this.#current && this.#channels.get(this.#current.id);
    channel?.postMessage("interrupt" satisfies Signal);
  }

  async complete(line: string): Promise<Inside.Completions> {
    if (this.#begun.length === 0 && /^\s*\.[a-z]*$/.test(line)) {
      const start = line.trim();
      return [COMMANDS.filter((each) => each.startsWith(start)), start];
    }
    // Tab indents a continued line.
    if (line.trim() === "" && this.#begun.length > 0) return [[`${line}  `], line];
    try {
      const target = await this.#entered(undefined);
      return await target.with({ waitTimeout: COMPLETION_WAIT }).call(this.#inside.complete, line);
    } catch {
      return [[], line];
    }
  }

  async #command(name: string, argument: string | undefined): Promise<boolean> {
    switch (name) {
      case "exit":
        return false;
      case "help":
        this.#say(HELP);
        break;
      case "break":
        this.discard();
        break;
      case "editor":
        if (!this.#options.isTerminal) this.#fail(".editor needs a terminal");
        else {
          this.isEditing = true;
          this.#say("// Ctrl-D runs the lines, Ctrl-C discards them\n");
        }
        break;
      case "create":
        this.#enter(this.#options.engine.create(argument));
        break;
      case "list":
        for (const { id, name: label, whence } of this.#options.engine.listAll()) {
          const mark = id === this.#current?.id ? "*" : " ";
          this.#say(`${mark} ${id}  ${whence}${label === undefined ? "" : `  ${label}`}\n`);
        }
        break;
      case "enter":
        this.#enter(this.#find(argument) ?? this.#current);
        break;
      case "close":
        await this.#close(argument === undefined ? this.#current : this.#find(argument));
        break;
      default:
        this.#fail(`there is no command .${name}; see .help`);
    }
    return true;
  }

  #enter<T extends InterpreterLike | undefined>(target: T): T {
    if (target !== undefined) this.#held.set(target.id, target);
    this.#current = target;
    return target;
  }

  #find(id: string | undefined): InterpreterLike | undefined {
    const found = this.#options.engine.listAll().find((each) => String(each.id) === id);
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
      this.#held.delete(target.id);
      if (target.id === this.#current?.id) this.#current = undefined;
    } catch (error) {
      this.#fail(oneLine(describeError(error)));
    }
  }

  async #run(code: string): Promise<void> {
    if (code.trim() === "") return;
    const running: Running = { stop: new AbortController(), hint: undefined, isHinted: false };
    this.#running = running;
    const signal = AbortSignal.any([running.stop.signal, this.#options.io.interrupted]);
    const name = lineName(++this.#lines);
    try {
      const shown = await this.#evaluate(code, name, signal);
      if (shown !== undefined) this.#say(`${shown}\n`);
    } catch (error) {
      this.#showFailure(error, running.stop.signal.aborted);
    } finally {
      clearTimeout(running.hint);
      this.#running = undefined;
    }
  }

  /** The display of the code's value, if it has one. */
  async #evaluate(code: string, filename: string, signal: AbortSignal): Promise<string | undefined> {
    const target = await this.#entered(signal);
    // Signals that came before this are lost, and the next ones must find the guard in its place.
    const breakOnSigint = (await this.#options.guard?.ready) === true;
    const options = { filename, signal, breakOnSigint };
    const kind = kindOf(code);
    // The value of the last expression would be awaited, even if the user wants the promise.
    const end = hasTypeArguments(code) ? "\n;0 as any" : "\n;0";
    const last = kind === "statement" ? await lastExpression(code) : { start: 0, end: code.length };
    if (last === undefined) {
      await target.exec(code + end, options);
      return undefined;
    }
    const before = code.slice(0, last.start);
    const expression = code.slice(last.start, last.end).replace(/[\s;]+$/, "");
    const lineStart = before.lastIndexOf("\n") + 1;
    this.#kept.set(filename, { line: before.split("\n").length, column: before.length - lineStart + 1 });
    try {
      await target.exec(`${before}${KEEP}${expression}\n)${end}`, options);
    } catch (error) {
      if (kind !== "unknown" || !isOfTheLine(this.#displayOf(error))) throw error;
      // TypeScript that is no expression.
      this.#kept.delete(filename);
      await target.exec(hasTypeArguments(code) ? code + end : code, options);
      return undefined;
    }
    return await target.with({ signal }).call(this.#inside.show, this.#options.isTerminal, breakOnSigint);
  }

  /** Returns the current interpreter, prepared for the prompt. Creates one if the prompt has none. */
  async #entered(signal: AbortSignal | undefined): Promise<InterpreterLike> {
    const target = this.#current ?? this.#enter(this.#options.engine.create());
    const { id } = target;
    if (this.#channels.has(id)) return target;
    await target.with(signal === undefined ? {} : { signal }).call(this.#inside.enter, channelOf(id));
    const channel = new BroadcastChannel(channelOf(id));
    channel.addEventListener("message", (event) => {
      if ((event as unknown as { data?: Signal }).data !== "uncaught") return;
      this.failed = true;
      this.#options.onDisturbed();
    });
    channel.unref();
    this.#channels.set(id, channel);
    return target;
  }

  #displayOf(error: unknown): string {
    return this.#options.engine.displayOf(error) ?? "";
  }

  #showFailure(error: unknown, wasEnded: boolean): void {
    const { code } = describeError(error);
    if (wasEnded) {
      this.#fail(`interpreter ${this.#current?.id ?? ""} was ended; the next line begins another`);
      this.#current = undefined;
      return;
    }
    const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;
    if (describeError(cause).code === INTERRUPTED) {
      this.#fail("Interrupted");
      return;
    }
    const display = this.#options.engine.displayOf(error);
    this.#fail(
      display === undefined
        ? oneLine(describeError(error))
        : atPrompt(display, (name) => this.#kept.get(name)),
    );
    // The interpreter is gone, or about to be.
    if (GONE.has(code)) this.#current = undefined;
  }

  #say(text: string): void {
    this.#options.io.stdout.write(text);
  }

  #fail(text: string): void {
    this.failed = true;
    this.#options.io.stderr.write(`${text.trimEnd()}\n`);
  }
}
