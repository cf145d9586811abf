/** Runs the command as a process, in a folder of the test's own. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));

export interface Ended {
  /** Of a process that a signal ended, 128 and the number of the signal, as in shells. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const code = new Promise<number | null>((resolve) =>
    child.on("close", (exitCode, signal) =>
      resolve(signal === null ? exitCode : 128 + constants.signals[signal]),
    ),
  );
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

export interface Folder {
  readonly folder: string;
  start(...args: readonly string[]): ChildProcessWithoutNullStreams;
  run(stdin: string, ...args: readonly string[]): Promise<Ended>;
  read(name: string): string;
  write(name: string, content: string): void;
}

/** Makes a folder with `files`, which is removed after the tests. */
export function useFolder(files: Readonly<Record<string, string>>): Folder {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "interpreters-cli-"));
  const write = (name: string, content: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  after(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: readonly string[]): ChildProcessWithoutNullStreams => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder });
    // A command that ends before it has read all input closes the pipe that the test writes to.
    child.stdin.on("error", () => undefined);
    return child;
  };
  return {
    folder,
    start,
    write,
    read: (name) => readFileSync(join(folder, name), "utf8"),
    run(stdin, ...args) {
      const child = start(...args);
      child.stdin.end(stdin);
      return ended(child);
    },
  };
}
