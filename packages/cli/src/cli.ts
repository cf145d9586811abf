/** The grammar of the command line: options, their checks, and the help. map.ts and repl.ts implement the commands. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Engine } from "./engine.js";
import { UsageError, describeError, oneLine } from "./errors.js";
import type { Io } from "./io.js";
import { type MapOptions, map } from "./map.js";
import { runPython } from "./python.js";
import { repl } from "./repl/repl.js";
import { pageNameOf, writeReport } from "./report/report.js";
import { top, type TopOptions } from "./top/top.js";
import { runWorker, type WorkerOptions } from "./worker.js";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

const MAP_HELP = `
The function takes one argument, the item: the parsed value of a JSON line, the line as a string with --lines, or the
absolute name of the file if files are given. It may be async. Its results are written as JSON lines, in the order of
the items; undefined becomes null. What it prints goes to stderr. With --progress, it gets a second argument: report(share),
with a share from 0 to 1, moves the progress bar while the item is running.

The module is a path, or the name of a package that is installed here, in JavaScript or TypeScript. Without #export its
default export is called or, if it has none, the only function that it exports. Each worker loads it once.

Examples:
  $ interpreters map ./score.js < users.jsonl > scores.jsonl
  $ interpreters map ./text.ts#wordCount --lines --input book.txt
  $ interpreters map ./minify.js 'src/**/*.js' --output sizes.jsonl
  $ interpreters map node:path#basename --lines < names.txt
  $ interpreters map ./fetch.js --concurrency 20 --timeout 5000 --on-error skip --errors failed.jsonl < urls.jsonl
  $ interpreters map ./slow.js --index --output results.jsonl --resume < items.jsonl   # run it again after Ctrl-C

Exit status: 0 if every item succeeded, 1 if an item failed, 2 if nothing could be run, 130 after Ctrl-C.`;

/** Runs the command in `args` and returns its exit code. Throws only if this package has a bug. */
export async function runCli(args: readonly string[], io: Io, engine: Engine): Promise<number> {
  let exitCode = 0;
  // All that follows belongs to Python, whatever it looks like.
  const forPython = args[0] === "python" ? args.slice(1) : undefined;
  const program = createProgram(io, {
    map: async (options) => {
      exitCode = await map(options, io, engine);
    },
    repl: async () => {
      exitCode = await repl(io, engine);
    },
    report: (trace, page) => writeReport(trace, page ?? pageNameOf(trace), io.cwd),
    top: async (options) => {
      exitCode = await top(options, io);
    },
    worker: async (options) => {
      exitCode = await runWorker(options, io);
    },
  });
  try {
    if (forPython !== undefined) return await runPython(forPython, io.cwd);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has already written its message. --help and --version end with code 0.
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
  report(trace: string, page: string | undefined): Promise<void>;
  top(options: TopOptions): Promise<void>;
  worker(options: WorkerOptions): Promise<void>;
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
    .argument("<module[#export]>", "the module and, after #, the export to call")
    .argument("[files...]", "files to run the function over (glob patterns are expanded)")
    .option("-i, --input <file>", "read the lines from this file instead of stdin")
    .option("-l, --lines", "pass each line as a string, not as parsed JSON")
    .option("-o, --output <file>", "write the results to this file instead of stdout")
    .option("-e, --errors <file>", "write the failures to this file, as JSON lines, instead of stderr")
    .option("--log <file>", "write what the function prints to this file instead of stderr")
    .option("--trace <file>", "write a trace of the run to this file (Perfetto and chrome://tracing open it)")
    .option("--report <file>", "write a page with the timeline and statistics of the run to this file")
    .option("-u, --unordered", "write each result as soon as it is ready")
    .option("-n, --index", "write the index of its input, from 0, with each result")
    .option("--text", "write results that are strings as they are, not as JSON")
    .option("--progress", "pass the function a second argument: a function to report an item's progress with")
    .option("--resume", "skip the items whose results are in --output already, and append the others")
    .addOption(
      new Option("--on-error <what>", "stop at the first failed item, or skip it")
        .choices(["stop", "skip"])
        .default("stop"),
    )
    .option(
      "-w, --workers <count>",
      "interpreters to run in parallel",
      wholeNumber(1),
      availableParallelism(),
    )
    .option(
      "-c, --concurrency <count>",
      "items to run at once in each interpreter, if the function is async",
      wholeNumber(1, MOST_CONCURRENCY),
      1,
    )
    .option("-t, --timeout <ms>", "fail an item that runs longer than this many milliseconds", wholeNumber(1))
    .option(
      "-r, --retries <count>",
      "rerun an item up to this many times if its interpreter dies",
      wholeNumber(0),
      0,
    )
    .addHelpText("after", MAP_HELP)
    .action(async (module: string, files: string[], given: GivenOptions) => {
      const {
        unordered = false,
        lines = false,
        index = false,
        text = false,
        progress = false,
        resume = false,
        ...rest
      } = given;
      const flags = { lines, index, text, progress, resume, ordered: !unordered };
      await commands.map({ ...rest, ...flags, module, files });
    });
  program
    .command("report")
    .summary("draw a trace as a page")
    .description(
      "Writes a page that shows a trace: a timeline, how busy interpreters were, how long tasks waited and ran.",
    )
    .argument("<trace>", "a file that --trace or INTERPRETERS_TRACE has written")
    .argument("[page]", "the page to write (default: the trace's name with .html)")
    .action((trace: string, page?: string) => commands.report(trace, page));
  program
    .command("top")
    .summary("watch a running process")
    .description(
      "Shows the interpreters, queues and pools of a process that was started with INTERPRETERS_INSPECT=1, or that has called " +
        "inspectable(). Without a process id: of the only such process.",
    )
    .argument("[pid]", "the process", wholeNumber(1))
    .option("--json", "print one snapshot as JSON, and end")
    .option("--interval <ms>", "milliseconds between two looks", wholeNumber(50), 1000)
    .action((pid: number | undefined, options: { json?: true; interval: number }) =>
      commands.top({ pid, json: options.json === true, interval: options.interval }),
    );
  program
    .command("repl")
    .summary("a prompt that runs code in interpreters")
    .description(
      "Reads JavaScript and TypeScript, and runs it in interpreters that it creates, enters and closes.",
    )
    .action(() => commands.repl());
  program
    .command("worker")
    .summary("serve a BullMQ queue with a pool of interpreters")
    .description(
      "Runs the tasks that BullMQExecutor (package interpreters-bullmq) submits to a queue on Redis or Valkey. SIGTERM and Ctrl-C end it: it takes " +
        "no more tasks, lets those that run end, and gives the rest back.",
    )
    .requiredOption("-q, --queue <name>", "the queue")
    .option("--redis <url>", "where it is", process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379")
    .option("--prefix <text>", 'what the keys in Redis begin with (default: "bull")')
    .option("--root <folder>", "the project's folder (default: the nearest one with a package.json)")
    .option(
      "-w, --workers <count>",
      "interpreters to run in parallel (default: one for each processor)",
      wholeNumber(1),
    )
    .option(
      "-c, --concurrency <count>",
      "tasks to run at once in each interpreter, if they wait for promises",
      wholeNumber(1, MOST_CONCURRENCY),
    )
    .option("--listen <[host:]port>", "serve /health and /metrics (Prometheus) there")
    .option("--grace <ms>", "how long running tasks may take to end after a signal", wholeNumber(0), 30_000)
    .option(
      "--lock-duration <ms>",
      "after how long without a sign of life Redis takes this worker for dead",
      wholeNumber(100),
    )
    .action((options: WorkerOptions) => commands.worker(options));
  program
    .command("python")
    .summary("run a Python program, with its interpreters on threads")
    .usage("[options] [script.py | -c command | -m module | -] [arguments...]")
    .helpOption(false);
  return program;
}

/** The options above as commander parses them. */
type GivenOptions = Omit<MapOptions, "module" | "files" | "ordered" | Flag> & {
  readonly [flag in Flag | "unordered"]?: true;
};
type Flag = "lines" | "index" | "text" | "progress" | "resume";

/** The limit of the executor's option `concurrency`. */
const MOST_CONCURRENCY = 65_536;

function wholeNumber(least: number, most = 2 ** 31 - 1): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = value > most ? `from ${least} to ${most}` : `from ${least} on`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
