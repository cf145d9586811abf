/** The arguments of `interpreters python`, which are those of the command `python` as far as they mean something here. */

export type ProgramKind = "file" | "module" | "command" | "stdin";

export interface CommandLine {
  readonly kind: ProgramKind;
  /** The file's path as it was given, the module's name, or the command's text; empty for stdin. */
  readonly value: string;
  /** `sys.argv`. */
  readonly argv: readonly string[];
  readonly cache: boolean;
  /** `HOST` or `HOST:PATH`, as given. */
  readonly mounts: readonly string[];
  /** What `packages` of `createPython` takes. */
  readonly packages: readonly string[];
}

/** Nothing to run: a text to print, and where. */
export interface Message {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

export const HELP = `Usage: interpreters python [options] [script.py | -c command | -m module | -] [arguments...]

Runs a Python program (CPython in WebAssembly) whose interpreters, concurrent.interpreters and
concurrent.futures.InterpreterPoolExecutor, run on threads of this process.

The program sees the current folder, the folder of the script and the folder for temporary files, under their own paths.
Without a script, the program is read from stdin.

Options:
  -c command               run this text; it ends the options
  -m module                run a module as a script; it ends the options
  --mount host[:path]      also show it this folder, at that path or at its own
  --package wheel          install it in all interpreters: a file, a URL, or the name of a package of Pyodide
  --no-cache               do not keep the memory of a booted Python in the user's cache folder
  -u, -B                   accepted: Python's output is never held back, and it writes no .pyc files
  -V, --version            print the version of Python
  -h, --help               print this text

Exit status: that of the program: 0, 1 after an exception, or what it gave to sys.exit; 2 for a wrong argument.
`;

/**
 * Reads the arguments behind `interpreters python`.
 *
 * @param pythonVersion the version of Python, which is asked for without booting it
 */
export function parseCommandLine(
  args: readonly string[],
  pythonVersion: () => string,
): CommandLine | Message {
  const mounts: string[] = [];
  const packages: string[] = [];
  let cache = true;
  const program = (kind: ProgramKind, value: string, argv: readonly string[]): CommandLine => ({
    kind,
    value,
    argv,
    cache,
    mounts,
    packages,
  });
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const rest = args.slice(i + 2);
    switch (arg) {
      case "-h":
      case "--help":
        return { exitCode: 0, text: HELP };
      case "-V":
      case "--version":
        return { exitCode: 0, text: `Python ${pythonVersion()}\n` };
      case "--no-cache":
        cache = false;
        continue;
      case "-u":
      case "-B":
        continue;
      case "--mount":
        if (i + 1 >= args.length) return wrong("Argument expected for the --mount option");
        mounts.push(args[++i]);
        continue;
      case "--package":
        if (i + 1 >= args.length) return wrong("Argument expected for the --package option");
        packages.push(args[++i]);
        continue;
      case "-c":
      case "-m":
        if (i + 1 >= args.length) return wrong(`Argument expected for the ${arg} option`);
        return program(arg === "-c" ? "command" : "module", args[i + 1], [arg, ...rest]);
      case "-":
        return program("stdin", "", args.slice(i));
      default:
    }
    // As with python, a value may follow the letter: -ccommand.
    if (/^-[cm]./.test(arg)) {
      return program(arg[1] === "c" ? "command" : "module", arg.slice(2), [
        arg.slice(0, 2),
        ...args.slice(i + 1),
      ]);
    }
    if (arg.startsWith("-")) return wrong(`unknown option ${arg}`);
    return program("file", arg, args.slice(i));
  }
  return program("stdin", "", [""]);
}

const wrong = (text: string): Message => ({
  exitCode: 2,
  text: `interpreters python: ${text}\nTry: interpreters python --help\n`,
});
