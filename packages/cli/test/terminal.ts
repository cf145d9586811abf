/** Runs the command on a pseudo-terminal, which Python makes: Node has none. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { MAIN } from "./command.js";

/** Copies stdin to a new terminal of 80 columns, and from it to stdout; exits as the program on it does. */
const DRIVER = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
inputs = [0, fd]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        data = os.read(0, 65536)
        if data: os.write(fd, data)
        else: inputs.remove(0)
    if fd in ready:
        try: data = os.read(fd, 65536)
        except OSError: data = b""
        if not data: break
        os.write(1, data)
_, status = os.waitpid(pid, 0)
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
`;

export const hasTerminals =
  process.platform !== "win32" && spawnSync("python3", ["-c", "import pty"]).status === 0;

// oxlint-disable-next-line no-control-regex -- they are what must go
const ESCAPES = /\u001B\[[\d;?]*[A-Za-z]/g;

export class TerminalProcess {
  /** The text shown since the last `shows`. */
  #text = "";
  /** Everything that was shown, without colors and movements of the cursor. */
  all = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    const env = { ...process.env, TERM: "xterm", ...options.env };
    this.#child = spawn("python3", ["-c", DRIVER, process.execPath, MAIN, ...args], {
      cwd: options.cwd,
      env,
    });
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const text = chunk.replaceAll(ESCAPES, "");
      this.#text += text;
      this.all += text;
      for (const listener of this.#listeners) listener();
    });
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
    void this.ended.then(() => this.#listeners.forEach((listener) => listener()));
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Resolves once `part` is shown after what earlier calls waited for. */
  shows(part: string | RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = typeof part === "string" ? this.#text.indexOf(part) : this.#text.search(part);
        if (found >= 0) {
          const length = typeof part === "string" ? part.length : (part.exec(this.#text)?.[0].length ?? 0);
          this.#text = this.#text.slice(found + length);
          resolve();
        } else if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          reject(new Error(`ended without showing ${String(part)}:\n${this.all}`));
        } else return;
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
