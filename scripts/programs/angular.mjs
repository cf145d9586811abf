/**
 * Builds an application that `ng new` generates, for browsers and with prerendered pages: piscina's workers transform its JavaScript, compile its
 * TypeScript, its Sass and its pages.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** Of all packages of Angular: they demand each other's, and a registry that mirrors another may lack the newest of some. */
const VERSION = "21.2.20";

const env = { NG_CLI_ANALYTICS: "false", NG_BUILD_MAX_WORKERS: "2", CI: "1" };

export const angular = {
  adapter: "piscina",
  packages: { "@angular/cli": VERSION },
  env,
  /** Has the command line, installed in `folder`, generate the application there. Returns its package.json. */
  generate(folder) {
    const cli = path.join(folder, "node_modules/@angular/cli/bin/ng.js");
    const flags = [
      "--skip-install",
      "--skip-git",
      "--defaults",
      "--style=scss",
      "--ssr",
      "--package-manager=npm",
    ];
    const args = [cli, "new", "app", ...flags];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, ...env },
    });
    if (status !== 0) throw new Error(`ng new failed: ${stderr}`);
    rmSync(path.join(folder, "node_modules"), { recursive: true });
    const manifest = JSON.parse(readFileSync(path.join(folder, "app/package.json"), "utf8"));
    const { dependencies, devDependencies } = manifest;
    for (const packages of [dependencies, devDependencies]) {
      for (const name of Object.keys(packages)) if (name.startsWith("@angular/")) packages[name] = VERSION;
    }
    return manifest;
  },
  /** Where the program is, below its folder. */
  home: "app",
  files: {
    "src/_theme.scss":
      "@use 'sass:color';\n$main: #336699;\n@mixin card { border: 1px solid color.scale($main, $lightness: 20%); }\n",
    "src/styles.scss": "@use './theme';\nbody { color: theme.$main; .card { @include theme.card; } }\n",
  },
  commands: [["node_modules/@angular/cli/bin/ng.js", "build"]],
  written: ["dist"],
  removed: [".angular"],
  comparable: (stdout) => stdout.replace(/\[[\d.]+ seconds\] - \S+/g, "[time]"),
};
