/**
 * The names of functions on other machines, and the check that both sides mean the same function.
 *
 *     file:///home/me/app/lib/score.js     ─▶  { file: "lib/score.js", hash: "…" }           relative to the project
 *     …/node_modules/sharp/lib/index.js    ─▶  { package: "sharp", version: "0.35.5", file: "lib/index.js" }
 *     node:path                            ─▶  { builtin: "node:path" }
 *
 * A file of the project is compared by the hash of its text and of all files of the project that it imports by relative names,
 * directly or not; a package by its version.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { NotShareableError } from "interpreters";
import { makeError } from "./errors.js";

/** A module as every machine can find it. */
export type ModuleName =
  | { readonly file: string; readonly hash: string }
  | { readonly package: string; readonly version: string; readonly file: string }
  | { readonly builtin: string };

/** The part of a `file:` path that begins a package's name: the last node_modules counts, as Node finds packages. */
const IN_PACKAGE = /^(.*[\\/]node_modules[\\/])((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](.+)$/;

/** Specifiers that lead to files of the project. Too many are harmless: both sides look for the same ones. */
const RELATIVE = /\b(?:from|import|require)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

/** The extensions that a specifier may leave out (CommonJS, bundler-like resolution). */
const ENDINGS = ["", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js", "/index.cjs"];

/** Milliseconds between two looks at whether the files of a module have changed. */
const CHECK_EVERY = 100;

/** A module that another machine has named, and the files that must stay as they are. */
interface Found {
  readonly url: string;
  readonly files: readonly string[];
  /** When the files were looked at. */
  checked: number;
}

/** A file as it was when it was first needed. */
interface Loaded {
  readonly stamp: string;
  readonly identity: string;
}

/** The nearest folder upwards that has a package.json, or `from` itself. */
export function projectRoot(from: string): string {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "package.json"))) return folder;
    if (path.dirname(folder) === folder) return path.resolve(from);
  }
}

/** Names modules for other machines, and finds those that others have named. One for each project. */
export class ModuleNames {
  readonly root: string;
  /** By URL. Modules are not loaded twice, so neither are their names made twice. */
  readonly #names = new Map<string, ModuleName>();
  /** By the JSON of the name. */
  readonly #found = new Map<string, Found>();
  /** The files that interpreters here may have loaded, as they were then. */
  readonly #loaded = new Map<string, Loaded>();

  constructor(root: string) {
    this.root = realpathSync(path.resolve(root));
  }

  /** @throws NotShareableError other machines cannot find the module */
  nameOf(url: string): ModuleName {
    let name = this.#names.get(url);
    if (name === undefined) this.#names.set(url, (name = this.#newName(url)));
    return name;
  }

  /**
   * The URL of a module that another machine named.
   *
   * @param where names this machine in messages
   * @throws InterpreterError (`ERR_FUNCTION_NOT_FOUND`, `ERR_FUNCTION_DIFFERS`)
   */
  urlOf(name: ModuleName, where: string): string {
    const key = JSON.stringify(name);
    let found = this.#found.get(key);
    // Failures are not kept: the file may be deployed later.
    if (found === undefined) this.#found.set(key, (found = this.#find(name, where)));
    const now = performance.now();
    if (now - found.checked > CHECK_EVERY) {
      for (const file of found.files) this.#checkUnchanged(file, where);
      found.checked = now;
    }
    return found.url;
  }

  /**
   * Interpreters keep what they have loaded, and new ones load what is there now. So a file must not change while this process runs. One that is gone
   * is no danger: loading it fails.
   */
  #checkUnchanged(file: string, where: string): void {
    const stamp = stampOf(file);
    if (stamp === undefined) return;
    const loaded = this.#loaded.get(file);
    if (loaded?.stamp === stamp) return;
    const identity = identityOf(file);
    if (loaded !== undefined && loaded.identity !== identity) {
      throw makeError(
        "ERR_FUNCTION_DIFFERS",
        `Cannot run a function: ${file} has changed since ${where} loaded it, and interpreters there may run either version. Restart the worker`,
      );
    }
    this.#loaded.set(file, { stamp, identity });
  }

  #newName(url: string): ModuleName {
    if (url.startsWith("node:")) return { builtin: url };
    if (!url.startsWith("file:")) {
      throw new NotShareableError(
        `Cannot send a function of ${url.slice(0, 60)} to another machine: only files of the project, of packages, and builtin modules have a name there`,
      );
    }
    const given = fileURLToPath(url);
    const file = existsSync(given) ? realpathSync(given) : given;
    const relative = path.relative(this.root, file);
    // A linked package lies outside of node_modules once links are resolved, so the given path is looked at, too.
    const inPackage = IN_PACKAGE.exec(file) ?? IN_PACKAGE.exec(given);
    if (inPackage !== null) {
      const [, modules, name, within] = inPackage;
      return { package: slashes(name), version: versionIn(path.join(modules, name)), file: slashes(within) };
    }
    if (relative.startsWith("..") || path.isAbsolute(relative)) {
      throw new NotShareableError(
        `Cannot send a function of ${file} to another machine: the file lies outside of the project ${this.root} (move it there, or give the ` +
          "executor the option `root`)",
      );
    }
    if (!isFile(file))
      throw new NotShareableError(
        `Cannot send a function of ${file} to another machine: there is no such file`,
      );
    return { file: slashes(relative), hash: hashOf(textsOf(file), this.root) };
  }

  #find(name: ModuleName, where: string): Found {
    if ("builtin" in name) return { url: name.builtin, files: [], checked: Infinity };
    if ("package" in name) return this.#findInPackage(name, where);
    const file = path.resolve(this.root, name.file);
    if (path.relative(this.root, file).startsWith("..") || !isFile(file)) {
      throw makeError(
        "ERR_FUNCTION_NOT_FOUND",
        `Cannot run a function of ${name.file}: ${where} has no such file (deploy the project there, or start the worker in its folder or with ` +
          "--root FOLDER)",
      );
    }
    const texts = textsOf(file);
    for (const each of texts.keys()) this.#checkUnchanged(each, where);
    const hash = hashOf(texts, this.root);
    if (hash !== name.hash) {
      throw makeError(
        "ERR_FUNCTION_DIFFERS",
        `Cannot run a function of ${name.file}: ${where} has another version of the file, or of one that it imports (${short(hash)} there, ` +
          `${short(name.hash)} at the caller). Deploy the same version to both, and restart both`,
      );
    }
    return { url: pathToFileURL(file).href, files: [...texts.keys()], checked: performance.now() };
  }

  #findInPackage(name: Extract<ModuleName, { package: string }>, where: string): Found {
    for (let folder = this.root; ; folder = path.dirname(folder)) {
      const home = path.join(folder, "node_modules", name.package);
      const manifest = path.join(home, "package.json");
      if (existsSync(manifest)) {
        this.#checkUnchanged(manifest, where);
        const version = versionIn(home);
        if (version !== name.version) {
          throw makeError(
            "ERR_FUNCTION_DIFFERS",
            `Cannot run a function of ${name.package}: ${where} has version ${version}, and the caller ${name.version}. Install the same version in both`,
          );
        }
        const file = path.resolve(home, name.file);
        if (!path.relative(home, file).startsWith("..") && isFile(file))
          return { url: pathToFileURL(file).href, files: [manifest], checked: performance.now() };
        throw makeError(
          "ERR_FUNCTION_NOT_FOUND",
          `Cannot run a function of ${name.package}: ${where} has no ${file}`,
        );
      }
      if (path.dirname(folder) === folder) break;
    }
    throw makeError(
      "ERR_FUNCTION_NOT_FOUND",
      `Cannot run a function of the package ${name.package}: ${where} does not have it. Install it there: npm install ${name.package}@${name.version}`,
    );
  }
}

/** How messages and BullMQ's dashboards name a function. */
export function labelOf(name: ModuleName, exported: string): string {
  if ("builtin" in name) return `${name.builtin}#${exported}`;
  return `${"package" in name ? name.package : name.file}#${exported}`;
}

function versionIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    version?: unknown;
  };
  return typeof version === "string" ? version : "";
}

/** The texts of a file and of the files of the project that it leads to, in the order in which they are found. */
function textsOf(file: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const found = new Set([file]);
  for (const each of found) {
    const text = readFileSync(each, "utf8");
    texts.set(each, text);
    for (const [, specifier] of text.matchAll(RELATIVE)) {
      const target = ENDINGS.map((ending) => path.resolve(path.dirname(each), specifier + ending)).find(
        isFile,
      );
      if (target !== undefined && !target.includes(`${path.sep}node_modules${path.sep}`)) found.add(target);
    }
  }
  return texts;
}

function hashOf(texts: ReadonlyMap<string, string>, root: string): string {
  const hash = createHash("sha256");
  // Line ends differ where Git converts them.
  for (const [file, text] of texts)
    hash.update(`${slashes(path.relative(root, file))}\n${text.replaceAll("\r\n", "\n")}\n`);
  return hash.digest("base64url");
}

/** Changes whenever the file is written. Undefined if there is none. */
function stampOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

/** The identity of a file: its text, or the version of the package that it describes. */
function identityOf(file: string): string {
  if (path.basename(file) === "package.json" && file.includes(`${path.sep}node_modules${path.sep}`))
    return versionIn(path.dirname(file));
  return createHash("sha256").update(readFileSync(file)).digest("base64url");
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function slashes(text: string): string {
  return text.replaceAll("\\", "/");
}

function short(hash: string): string {
  return hash.slice(0, 8);
}
