/** Runs programs on Bun and Deno, whose binaries come from npm. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/process.js";
import { cleanEnvironment, installTools } from "../support/tools.js";

const VERSIONS = { bun: "1.4.5", deno: "2.9.6" };

export interface Runtime {
  /** For a test: false, or why it cannot run. */
  readonly skip: string | false;
  /** Runs `main.mjs`, one of the files, in a folder of its own in which the package is installed. */
  run(files: Readonly<Record<string, string>>): Promise<{ stdout: string; stderr: string; folder: string }>;
}

export async function runtime(name: keyof typeof VERSIONS): Promise<Runtime> {
  const { modules, skip } = await installTools({ [name]: VERSIONS[name] });
  return {
    skip,
    async run(files) {
      const scope = join(modules!, name === "bun" ? "@oven" : "@deno");
      const [platform] = await readdir(scope);
      const binary = [join("bin", name), name, join("bin", `${name}.exe`), `${name}.exe`]
        .map((each) => join(scope, platform, each))
        .find((each) => existsSync(each));
      assert.ok(binary !== undefined);
      await chmod(binary, 0o755);
      const folder = await realpath(await mkdtemp(join(tmpdir(), `interpreters-${name}-`)));
      try {
        await symlink(modules!, join(folder, "node_modules"), "junction");
        // Without it, Deno does not look into `node_modules`.
        await writeFile(join(folder, "package.json"), "{}");
        for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
        const options = name === "deno" ? ["run", "--allow-all"] : [];
        const { stdout, stderr } = await run(binary, [...options, "main.mjs"], {
          cwd: folder,
          env: cleanEnvironment,
        });
        return { stdout, stderr, folder };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
