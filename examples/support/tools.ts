/** Packages that only some examples need, such as test runners. They are no dependencies of the workspace. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./process.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const cache = join(root, "node_modules/.cache/example-tools");

/** Names and exact versions. */
export type Packages = Readonly<Record<string, string>>;

export interface Tools {
  /** A `node_modules` with the packages, and with this workspace's `interpreters`. Undefined if they cannot be installed. */
  readonly modules: string | undefined;
  /** For a test: false, or why it cannot run. */
  readonly skip: string | false;
}

/** Installs packages, the first time. Without a registry the result says so. */
export async function installTools(packages: Packages): Promise<Tools> {
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const key = createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, 16);
  const folder = join(cache, key);
  const modules = join(folder, "node_modules");
  if (existsSync(folder)) return { modules, skip: false };
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(join(cache, "partial-"));
  try {
    // Makes the folder a project, or npm would install into the one around it.
    await writeFile(join(partial, "package.json"), "{}\n");
    const options = ["--prefix", partial, "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit"];
    // Without a registry the tests are skipped soon.
    const retries = { retries: 1, "retry-mintimeout": 1_000, "retry-maxtimeout": 1_000, timeout: 20_000 };
    const network = Object.entries(retries).map(([name, value]) => `--fetch-${name}=${value}`);
    const { code, stderr } = await run(
      "npm",
      ["install", "--prefer-offline", ...options, ...network, ...names],
      {
        cwd: partial,
        shell: process.platform === "win32",
      },
    );
    if (code !== 0) {
      const reason = /^npm (?:error|ERR!) code (\S+)$/m.exec(stderr)?.[1] ?? `code ${code}`;
      return { modules: undefined, skip: `npm cannot install ${names.join(", ")}: ${reason}` };
    }
    await symlink(
      join(root, "packages/interpreters"),
      join(partial, "node_modules/interpreters"),
      "junction",
    );
    // The complete folder is renamed, so an interrupted installation leaves none that looks usable.
    await rename(partial, folder).catch((error: unknown) => {
      // Another process was faster.
      if (!existsSync(folder)) throw error;
    });
    return { modules, skip: false };
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Reads the packages that a project pins in the `devDependencies` of its package.json. */
export async function packagesOf(project: string): Promise<Packages> {
  const manifest = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
    devDependencies: Packages;
  };
  return manifest.devDependencies;
}

/**
 * Makes a temporary project.
 *
 * @param from a folder with its files, if there is one
 * @returns its path, without links
 */
export async function makeProject(modules: string, from?: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "interpreters-example-")));
  if (from !== undefined) await cp(from, folder, { recursive: true });
  await symlink(modules, join(folder, "node_modules"), "junction");
  return folder;
}

export const removeProject = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Removes what the test runner of this workspace, or a measurement of coverage, would tell the program under test. */
export const cleanEnvironment: NodeJS.ProcessEnv = {
  NODE_OPTIONS: undefined,
  NODE_TEST_CONTEXT: undefined,
  NODE_V8_COVERAGE: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: "1",
};
