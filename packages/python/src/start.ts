/** Boots Python in the calling thread and makes it that of an interpreter: its files, streams, arguments and environment. */
import { readSync, statSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { isatty } from "node:tty";
import { isMainThread } from "node:worker_threads";
import { loadPython, type PyodideAPI, type PythonAssets } from "./boot.js";
import { environment, type PythonSettings } from "./settings.js";

/** Where the streams of a Python go. */
export interface PythonStreams {
  /** Writes all of the bytes to descriptor 1 or 2. They are valid until it returns. */
  write(fd: 1 | 2, bytes: Uint8Array): void;
  /** Fills the array from the start, and returns how many bytes it wrote there: 0 at the end of the input. */
  read(into: Uint8Array): number;
  isTty(fd: 0 | 1 | 2): boolean;
}

/** The streams of the process. */
export const processStreams: PythonStreams = {
  write(fd, bytes) {
    for (let at = 0; at < bytes.length;) {
      at += whenReady(() => writeSync(fd, bytes, at, bytes.length - at));
    }
  },
  read: (into) => whenReady(() => readSync(0, into, 0, into.length, null)),
  isTty: (fd) => isatty(fd),
};

/** In an interpreter's thread, `create` has said where its streams go, and the core makes them write at once. */
const threadStreams: PythonStreams = {
  ...processStreams,
  write(fd, bytes) {
    (fd === 1 ? process.stdout : process.stderr).write(bytes);
  },
};

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Another process may have made a descriptor non-blocking that it shares with this one, as shells and `ssh` do. */
function whenReady(step: () => number): number {
  for (;;) {
    try {
      return step();
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

interface FileSystem {
  readonly filesystems: { readonly NODEFS: object };
  mkdirTree(path: string): void;
  mount(type: object, options: { root: string }, path: string): unknown;
}

/**
 * Boots Python.
 *
 * @throws ForeignImageError; Error a folder to mount is not there, or a package cannot be installed
 */
export async function startPython(
  assets: PythonAssets,
  settings: PythonSettings,
  streams: PythonStreams = isMainThread ? processStreams : threadStreams,
): Promise<PyodideAPI> {
  const named = settings.packages.some((name) => !isFile(name));
  const fullLock = named
    ? await readFile(path.join(assets.files.folder, "pyodide-lock.json"), "utf8")
    : undefined;
  const python = await loadPython(assets, { fullLock });
  mountAll(python.FS, settings.mounts);
  connectStreams(python, streams);
  const { restore } = python.pyimport("_interp_boot") as { restore(settings: string): void };
  const { argv, path: searched, cwd, cpus } = settings;
  restore(JSON.stringify({ argv, path: searched, cwd, cpus, env: environment() }));
  if (settings.packages.length > 0) await install(python, settings.packages);
  return python;
}

/** Whether `packages` names a file or a URL, and not a package in the Pyodide distribution. */
export const isFile = (name: string): boolean => /^[a-z][\w+.-]+:\/\//i.test(name) || name.endsWith(".whl");

function mountAll(files: FileSystem, mounts: Readonly<Record<string, string>>): void {
  // An outer folder first: it would hide an inner one.
  const inOrder = Object.entries(mounts).sort(([a], [b]) => a.length - b.length);
  for (const [inside, root] of inOrder) {
    const stats = statSync(root, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true) {
      const found = stats === undefined ? "it is not there" : "it is no folder";
      throw new Error(`Cannot mount ${root} at ${inside}: ${found}.`);
    }
    files.mkdirTree(inside);
    files.mount(files.filesystems.NODEFS, { root }, inside);
  }
}

function connectStreams(python: PyodideAPI, streams: PythonStreams): void {
  for (const [fd, set] of [
    [1, python.setStdout],
    [2, python.setStderr],
  ] as const) {
    set({
      isatty: streams.isTty(fd),
      write(bytes: Uint8Array) {
        streams.write(fd, bytes);
        return bytes.length;
      },
    });
  }
  python.setStdin({
    isatty: streams.isTty(0),
    read: (into: Uint8Array) => streams.read(into),
  });
}

async function install(python: PyodideAPI, packages: readonly string[]): Promise<void> {
  const failures: string[] = [];
  await python.loadPackage([...packages], {
    messageCallback: () => undefined,
    errorCallback: (message) => failures.push(message),
  });
  if (failures.length > 0) throw new Error(`Cannot install packages: ${failures.join("; ")}`);
}
