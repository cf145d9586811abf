/**
 * The addons in `fixtures/`, built with node-gyp once for each version of Node and of their sources, in node_modules/.cache.
 * Where they cannot be built (no compiler, no Node headers), the tests that need them are skipped, with a loud message.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export type Fixture = "legacy" | "aware" | "background" | "registered" | "statics" | "thread" | "throws";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = path.join(root, "test/addons/fixtures");
const cache = path.join(root, "../../node_modules/.cache/interpreters-addons");

/** A hash of everything that determines the build. */
function key(): string {
  const hash = createHash("sha256").update(`${process.version} ${process.platform} ${process.arch}`);
  for (const name of readdirSync(sources).sort())
    hash.update(name).update(readFileSync(path.join(sources, name)));
  return hash.digest("hex").slice(0, 16);
}

/** Returns the folder of the addons, or the reason why they could not be built. */
function build(): { folder: string } | { reason: string } {
  const folder = path.join(cache, key());
  if (existsSync(folder)) return { folder };
  mkdirSync(cache, { recursive: true });
  // Two test files may do this at the same time: each builds in its own folder, and the first to finish wins.
  const workshop = path.join(cache, `building-${randomUUID()}`);
  try {
    cpSync(sources, workshop, { recursive: true });
    const args = [createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js"), "rebuild"];
    const installed = path.join(path.dirname(process.execPath), "..");
    if (isOurVersion(path.join(installed, "include/node/node_version.h")))
      args.push(`--nodedir=${installed}`);
    const { status, error, stderr, stdout } = spawnSync(process.execPath, args, {
      cwd: workshop,
      encoding: "utf8",
      timeout: 240_000,
    });
    if (status !== 0) return fail(`${String(error ?? "")}\n${stdout}\n${stderr}`);
    const built = path.join(workshop, "built");
    cpSync(path.join(workshop, "build/Release"), built, {
      recursive: true,
      filter: (file) => !file.includes(".target") && !file.includes(".deps"),
    });
    try {
      renameSync(built, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
    return { folder };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function isOurVersion(header: string): boolean {
  if (!existsSync(header)) return false;
  const text = readFileSync(header, "utf8");
  const part = (name: string): string =>
    new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1] ?? "";
  return process.versions.node === ["MAJOR", "MINOR", "PATCH"].map(part).join(".");
}

function fail(output: string): { reason: string } {
  process.stderr.write(
    `\nThe addons that tests need could not be built, so these tests are SKIPPED:\n${output}\n`,
  );
  return { reason: "the addons could not be built (see stderr)" };
}

const built = build();

/** The `skip` option of tests that need them. */
export const skip: string | false = "reason" in built && built.reason;

const copies = mkdtempSync(path.join(tmpdir(), "interpreters-addons-"));
process.on("exit", () => rmSync(copies, { recursive: true, force: true }));

/** Returns an addon that no interpreter has loaded yet: a new copy of the file. */
export function fresh(name: Fixture): string {
  if ("reason" in built) throw new Error(built.reason);
  const file = path.join(copies, `${name}-${randomUUID()}.node`);
  copyFileSync(path.join(built.folder, `${name}.node`), file);
  return file;
}

/** Writes a file beside the addons and returns its path. */
export function written(name: string, content: string): string {
  const file = path.join(copies, name);
  writeFileSync(file, content);
  return file;
}
