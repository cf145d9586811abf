/**
 * Modules that a worker loads before its file, by options of Node: `--require` and `--import`. Node would load them before the interpreter has its
 * `workerData`, which such a module may read (Angular's does). So the worker loads them itself, if there is `workerData`.
 *
 * Only files with an absolute path or URL: Node finds others as the program's working directory has them.
 */
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The URLs of modules, by the way to load them. Node loads those to require first. */
export interface Preloads {
  readonly require: readonly string[];
  readonly import: readonly string[];
}

const FLAGS: Readonly<Record<string, keyof Preloads>> = {
  "-r": "require",
  "--require": "require",
  "--import": "import",
};

const urlOf = (file: string): string | undefined => {
  if (file.startsWith("file:")) return file;
  return path.isAbsolute(file) ? pathToFileURL(file).href : undefined;
};

/** Takes the preloads out of options of Node. */
export function takePreloads(execArgv: readonly string[]): {
  rest: string[];
  preloads: Preloads | undefined;
} {
  const preloads: Record<keyof Preloads, string[]> = { require: [], import: [] };
  const rest: string[] = [];
  for (let i = 0; i < execArgv.length; i++) {
    const [flag, joined] = /^(--[^=]+)=(.*)$/s.exec(execArgv[i])?.slice(1) ?? [execArgv[i]];
    const kind = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
    const url = kind === undefined ? undefined : urlOf(joined ?? execArgv[i + 1] ?? "");
    if (kind === undefined || url === undefined) {
      rest.push(execArgv[i]);
      continue;
    }
    preloads[kind].push(url);
    if (joined === undefined) i++;
  }
  const isEmpty = rest.length === execArgv.length;
  return { rest, preloads: isEmpty ? undefined : preloads };
}

/** In the worker: loads them. Rejects with what one throws. */
export async function preload(preloads: Preloads): Promise<void> {
  for (const url of preloads.require) require(fileURLToPath(url));
  for (const url of preloads.import) await import(url);
}
