/** A program in a temporary folder, with the package that it depends on or with our adapter in its place (npm's `overrides`). */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readManifest = (folder) => JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
const npm = (args, cwd) =>
  spawnSync("npm", args, { cwd, shell: process.platform === "win32", encoding: "utf8" });

/** The files below a folder, if it is there. */
const filesOf = (at) =>
  !existsSync(at)
    ? []
    : readdirSync(at, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .sort();

/** The processes whose command line or working directory is in the folder. */
function processesIn(folder) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return (
        readFileSync(`/proc/${id}/cmdline`, "utf8").includes(folder) ||
        readlinkSync(`/proc/${id}/cwd`).startsWith(folder)
      );
    } catch {
      return false;
    }
  });
}

/** Is loaded into the program. Notes whether it has loaded the package: a program that never does says nothing about it. */
const WITNESS = `
const { appendFileSync } = require("node:fs");
const { isMainThread } = require("node:worker_threads");
const { PROGRAM_ADAPTER: adapter, PROGRAM_WITNESS: witness } = process.env;
const isFrom = (file) => file.replaceAll("\\\\", "/").includes("/node_modules/" + adapter + "/");
if (isMainThread) process.on("exit", () => {
  if (Object.keys(require.cache).some(isFrom)) appendFileSync(witness, "used");
});
`;

export class Installation {
  #program;
  #folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-program-")));
  #manifest;
  /** What npm said when it last installed. */
  complaint = "";

  constructor(program) {
    this.#program = program;
    this.#manifest = { private: true, dependencies: program.packages };
    writeFileSync(path.join(this.#folder, "witness.cjs"), WITNESS);
  }

  get #home() {
    return path.join(this.#folder, this.#program.home ?? "");
  }

  /** Installs the genuine packages. Returns false if npm cannot. */
  installGenuine() {
    const { generate } = this.#program;
    if (generate === undefined) return this.#install(this.#home, {});
    if (!this.#install(this.#folder, {})) return false;
    this.#manifest = generate(this.#folder);
    return this.#install(this.#home, {});
  }

  /** Installs the packages again, with the adapter, as it would be published, in the place of the package. */
  installOurs() {
    const { adapter } = this.#program;
    const overrides = {
      [adapter]: this.#pack(path.join("packages/compat", adapter)),
      interpreters: this.#pack("packages/interpreters"),
    };
    const installed = this.#install(this.#home, overrides);
    if (!installed || readManifest(this.#adapterFolder).name !== `@interpreters/${adapter}`) {
      throw new Error(
        `npm cannot put @interpreters/${adapter} in the place of ${adapter}\n${this.complaint}`,
      );
    }
  }

  get #adapterFolder() {
    return path.join(this.#home, "node_modules", this.#program.adapter);
  }

  #pack(name) {
    const args = ["pack", "--silent", "--pack-destination", this.#folder];
    const { status, stdout, stderr } = npm(args, path.join(root, name));
    if (status !== 0) throw new Error(`npm pack failed in ${name}: ${stderr}`);
    return `file:${path.join(this.#folder, stdout.trim().split("\n").at(-1))}`;
  }

  #install(home, overrides) {
    rmSync(path.join(home, "node_modules"), { recursive: true, force: true });
    rmSync(path.join(home, "package-lock.json"), { force: true });
    writeFileSync(path.join(home, "package.json"), JSON.stringify({ ...this.#manifest, overrides }));
    const fetching = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
    const args = ["install", "--no-audit", "--no-fund", "--loglevel=error", ...fetching];
    const { status, stderr } = npm(args, home);
    this.complaint = stderr;
    return status === 0;
  }

  write(files) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(this.#home, name)), { recursive: true });
      writeFileSync(path.join(this.#home, name), text);
    }
  }

  /** Runs a command on the files that are there. Returns how many milliseconds that took. @throws if it fails */
  time(command) {
    const began = performance.now();
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: this.#home,
      encoding: "utf8",
      timeout: 240_000,
      maxBuffer: 2 ** 28,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    const took = performance.now() - began;
    if (status === 0) return took;
    throw new Error(`${command.join(" ")}: ${signal ?? `exit code ${status}`}\n${stdout}${stderr}`);
  }

  /** Runs the program's commands, each on fresh files. Returns what must be equal, and what they complained about. */
  run() {
    const { files, commands } = this.#program;
    const outcomes = [];
    let complaints = "";
    for (const command of commands) {
      this.write(files);
      const { stderr, ...outcome } = this.#runCommand(command);
      outcomes.push({ ...outcome, processes: processesIn(this.#folder) });
      complaints += stderr;
    }
    const witness = path.join(this.#folder, "witness");
    const used = existsSync(witness);
    rmSync(witness, { force: true });
    return { outcomes, used, complaints };
  }

  #runCommand(command) {
    const { comparable = (text) => text, written = [], removed = [], env } = this.#program;
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: this.#home,
      encoding: "utf8",
      timeout: 240_000,
      maxBuffer: 2 ** 28,
      env: {
        ...process.env,
        ...env,
        // A test may run this: without the variable, test runners do not take themselves for a part of it.
        NODE_TEST_CONTEXT: undefined,
        NODE_OPTIONS: `--require=${path.join(this.#folder, "witness.cjs")}`,
        PROGRAM_WITNESS: path.join(this.#folder, "witness"),
        PROGRAM_ADAPTER: this.#program.adapter,
      },
    });
    const hashes = written
      .flatMap((name) => filesOf(path.join(this.#home, name)))
      .map((file) => {
        const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
        return `${path.relative(this.#home, file)} ${hash}`;
      });
    for (const name of [...written, ...removed]) {
      rmSync(path.join(this.#home, name), { recursive: true, force: true });
    }
    let output = stdout;
    try {
      output = comparable(stdout);
    } catch {
      // It printed something else: that is the outcome.
    }
    return { status, signal, output, files: hashes, stderr };
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
