/** The checks of `npm run check` fail where a file breaks the rule that they hold: each violation is planted in a folder of its own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));

/** Writes the files into a new folder, and gives that folder to a check. */
function check(
  files: Record<string, string>,
  command: (folder: string) => string[],
): [number | null, string] {
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-gate-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, command(folder), {
      cwd: root,
      encoding: "utf8",
    });
    return [status, stdout + stderr];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const layers = (folder: string): string[] => ["scripts/layers.mjs", folder];

/** Sources that keep all rules. */
const sound = {
  "platform/files.ts": 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n',
  "base/errors.ts": "export class Failure extends Error {}\n",
  "memory/lock.ts": "export type Lock = number;\n",
  "kernel/queues.ts":
    'import type { Lock } from "../memory/lock.js";\nexport const put = (lock: Lock) => lock;\n',
  "queue/queue.ts": 'import { put } from "../kernel/queues.js";\nexport class Queue { put = put; }\n',
  "index.ts": 'export { Queue } from "./queue/queue.js";\n',
};

const violations: Record<string, [files: Record<string, string>, message: RegExp]> = {
  "an import of a higher room": [
    { "memory/page.ts": 'import { Queue } from "../queue/queue.js";\nexport const page = Queue;\n' },
    /memory\/page\.ts imports queue\/queue\.ts, which lies in a higher room/,
  ],
  "an import of a type of a higher room": [
    { "memory/page.ts": 'import type { Queue } from "../queue/queue.js";\nexport type Page = Queue;\n' },
    /memory\/page\.ts imports queue\/queue\.ts, which lies in a higher room/,
  ],
  "a type that is imported in an expression": [
    { "memory/page.ts": 'export type Page = import("../queue/queue.js").Queue;\n' },
    /memory\/page\.ts imports queue\/queue\.ts, which lies in a higher room/,
  ],
  "an export from a higher room": [
    { "memory/page.ts": 'export {\n  Queue,\n} from "../queue/queue.js";\n' },
    /memory\/page\.ts imports queue\/queue\.ts, which lies in a higher room/,
  ],
  "an import of a face": [
    { "queue/list.ts": 'import "../index.js";\n' },
    /queue\/list\.ts imports index\.ts, which lies in a higher room/,
  ],
  "kernel/ that imports more than memory/": [
    { "kernel/reap.ts": 'import { Failure } from "../base/errors.js";\nexport const x = Failure;\n' },
    /kernel\/reap\.ts imports base\/errors\.ts: kernel\/ may import memory only/,
  ],
  "a module of Node outside of platform/": [
    { "queue/file.ts": 'import fs from "node:fs";\nexport const x = fs;\n' },
    /queue\/file\.ts imports a module of Node/,
  ],
  "a module of Node that is loaded later": [
    { "queue/file.ts": 'export const load = () => import("node:fs");\n' },
    /queue\/file\.ts imports a module of Node/,
  ],
  "a room that is not listed": [
    { "attic/box.ts": "export const x = 1;\n" },
    /attic\/box\.ts: the room attic\/ is not listed/,
  ],
  "a circle of two": [
    {
      "queue/a.ts": 'import "./b.js";\n',
      "queue/b.ts": 'import "./a.js";\n',
    },
    /a circle of imports: queue\/b\.ts ↔ queue\/a\.ts|a circle of imports: queue\/a\.ts ↔ queue\/b\.ts/,
  ],
  "a circle of types through three": [
    {
      "queue/a.ts": 'import type { B } from "./b.js";\nexport type A = B;\n',
      "queue/b.ts": 'import type { C } from "./c.js";\nexport type B = C;\n',
      "queue/c.ts": 'import type { A } from "./a.js";\nexport type C = A[];\n',
    },
    /a circle of imports: (?:queue\/[abc]\.ts(?: ↔ )?){3}/,
  ],
  "a file of more than 400 lines": [
    { "queue/long.ts": "export {};\n".repeat(401) },
    /queue\/long\.ts \(401\) has more than 400 lines/,
  ],
};

test("layers: sources that keep the rules pass", () => {
  assert.deepEqual(check(sound, layers), [0, ""]);
});

for (const [name, [files, message]] of Object.entries(violations)) {
  test(`layers: ${name}`, () => {
    const [status, output] = check({ ...sound, ...files }, layers);
    assert.match(output, message);
    assert.equal(status, 1);
    assert.equal(output.trim().split("\n").length, 1, output);
  });
}

test("lint: a circle of imports, of values and of types", () => {
  const lint = (folder: string): string[] => [
    path.join(root, "node_modules/oxlint/bin/oxlint"),
    "--deny-warnings",
    "--config",
    path.join(root, ".oxlintrc.json"),
    folder,
  ];
  assert.equal(check({ "a.ts": "export const a = 1;\n" }, lint)[0], 0);
  const values = {
    "a.ts": 'import { b } from "./b.js";\nexport const a = (): unknown => b;\n',
    "b.ts": 'import { a } from "./a.js";\nexport const b = (): unknown => a;\n',
  };
  const types = {
    "a.ts": 'import type { B } from "./b.js";\nexport type A = B[];\n',
    "b.ts": 'import type { A } from "./a.js";\nexport type B = A | undefined;\n',
  };
  for (const files of [values, types]) {
    const [status, output] = check(files, lint);
    assert.match(output, /import\(no-cycle\)/);
    assert.equal(status, 1);
  }
});

test("prose: more of the patterns than the tree has", () => {
  const prose = (folder: string): string[] => ["scripts/prose.mjs", path.join(folder, "page.md")];
  const plain = "The owner takes the lock, then rings the waiter. ";
  assert.equal(check({ "page.md": plain.repeat(50) }, prose)[0], 0);
  const odd = "Somebody is told that it is the owner that has to release it. ";
  assert.equal(check({ "page.md": plain.repeat(50) + odd.repeat(5) }, prose)[0], 1);
});

test("the gate runs these checks, and CI runs the gate", () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts["test"], /npm run check && npm run test:built/);
  assert.match(scripts["check"], /scripts\/check\.mjs/);
  assert.match(scripts["lint"], /--deny-warnings/);
  assert.match(scripts["layers"], /scripts\/layers\.mjs$/);
  const checks = readFileSync(path.join(root, "scripts/check.mjs"), "utf8");
  for (const name of ["lint", "format:check", "layers", "prose"])
    assert.ok(checks.includes(`"${name}"`), name);
  assert.match(readFileSync(path.join(root, ".ci/run"), "utf8"), /npm ci && npm test/);
});
