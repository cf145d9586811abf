/** The command line's grammar: options, their checks, and the help. What a command does is elsewhere. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Engine } from "./engine.js";
import { UsageError, describeError, oneLine } from "./errors.js";
import type { Io } from "./io.js";
import { type MapOptions, map } from "./map.js";
import { repl } from "./repl.js";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

const MAP_HELP = `
The function gets one argument per item: the parsed value of a JSON line; with --lines the line as a string; with
file names as arguments the absolute name of the file. It may be async. Its results are written as JSON lines, in
the order of the items; undefined becomes null.

The module is a path, or the name of a package that is installed here, JavaScript or TypeScript. Without #export its
default export is called or, if it has none, the only function it exports. It is loaded once per worker.

Examples:
  $ interpreters map ./score.js < users.jsonl > scores.jsonl
  $ interpreters map ./text.ts#wordCount --lines --input book.txt
  $ interpreters map ./minify.js 'src/**/*.js' --output sizes.jsonl
  $ interpreters map node:path#basename --lines < names.txt
  $ interpreters map ./fetch.js --on-error skip --errors failed.jsonl --timeout 5000 < urls.jsonl

Exit status: 0 when every item is done, 1 when one failed, 2 when nothing could be run, 130 after Ctrl-C.`;

/** Runs the command in `args` and gives its exit code. Throws only for what is a bug of ours. */
export async function runCli(args: readonly string[], io: Io, engine: Engine): Promise<number> {
  let exitCode = 0;
  const program = createProgram(io, {
    map: async (options) => {
      exitCode = await map(options, io, engine);
    },
    repl: async () => {
      exitCode = await repl(io, engine);
    },
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said what it has to say; code 0 is that of --help and --version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof UsageError) {
      io.stderr.write(`interpreters: ${error.message}\n`);
      return EXIT_USAGE;
    }
    io.stderr.write(`interpreters: ${oneLine(describeError(error))}\n`);
    return EXIT_FAILED;
  }
}

interface Commands {
  map(options: MapOptions): Promise<void>;
  repl(): Promise<void>;
}

function createProgram(io: Io, commands: Commands): Command {
  const program = new Command("interpreters")
    .description("Runs JavaScript and TypeScript in isolated interpreters, on all cores.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "interpreters: ")),
    });
  program
    .command("map")
    .summary("run a function over many inputs")
    .description("Runs a function over many inputs: JSON lines from stdin, lines of a file, or files.")
    .argument("<module[#export]>", "the module, and which of its functions")
    .argument("[files...]", "files to run the function over (glob patterns are expanded)")
    .option("-i, --input <file>", "read the lines from this file instead of stdin")
    .option("-l, --lines", "take each line as it is, not as JSON")
    .option("-o, --output <file>", "write the results there instead of stdout")
    .option("-e, --errors <file>", "write the failures there, as JSON lines, instead of stderr")
    .option("-u, --unordered", "write each result as soon as it is there")
    .addOption(
      new Option("--on-error <what>", "what a failed item means for those after it")
        .choices(["stop", "skip"])
        .default("stop"),
    )
    .option("-w, --workers <count>", "interpreters at work at a time", wholeNumber(1), availableParallelism())
    .option("-t, --timeout <ms>", "fail an item that runs longer than this many milliseconds", wholeNumber(1))
    .option(
      "-r, --retries <count>",
      "run an item again when its interpreter died under it",
      wholeNumber(0),
      0,
    )
    .addHelpText("after", MAP_HELP)
    .action(async (module: string, files: string[], given: GivenOptions) => {
      const { unordered = false, lines = false, ...options } = given;
      await commands.map({ ...options, module, files, lines, ordered: !unordered });
    });
  program
    .command("repl")
    .summary("a prompt that runs code in interpreters")
    .description(
      "Reads JavaScript and TypeScript, and runs it in interpreters that it creates, enters and closes.",
    )
    .action(() => commands.repl());
  return program;
}

/** What commander makes of the options above. */
type GivenOptions = Omit<MapOptions, "module" | "files" | "lines" | "ordered"> & {
  readonly lines?: true;
  readonly unordered?: true;
};

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= 2 ** 31 - 1) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
  };
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
