/**
 * Checks where the sources of `packages/interpreters/src` import from (ARCHITECTURE.md, "Rooms"):
 *
 * - a file imports its own room or a lower one, types included;
 * - `kernel/` imports `memory/` only;
 * - `node:*` modules are imported in `platform/` only;
 * - no file is part of a circle of imports;
 * - no file is longer than 400 lines.
 *
 *     node scripts/layers.mjs [--summary] [folder of sources]
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** From the ground up. Files outside of a room are the package's faces, which may import everything. */
const ROOMS = [
  "platform",
  "base",
  "memory",
  "codec",
  "kernel",
  "wire",
  "thread",
  "guests",
  "transfer",
  "queue",
  "sync",
  "addons",
  "worker",
  "interpreter",
  "callbacks",
  "supervisor",
  "futures",
  "select",
  "observe",
  // Counterparts of modules of any room, for pages (scripts/browser.mjs).
  "browser",
];
/** A longer file holds more than one subject: cut it where they part. */
const MOST_LINES = 400;
/** Rooms that may not use all that lies below them. */
const ONLY = { kernel: ["memory"], base: ["platform"] };

const { values, positionals } = parseArgs({
  options: { summary: { type: "boolean" } },
  allowPositionals: true,
});
const src = path.resolve(
  positionals[0] ?? fileURLToPath(new URL("../packages/interpreters/src/", import.meta.url)),
);

const IMPORT =
  /^\s*(?:import|export)\b[^;"]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"|(?<!['"`])\bimport\(\s*"([^"]+)"\s*\)|\bimport\s+\w+\s*=\s*require\("([^"]+)"\)/gm;

/** By file: the files and modules that it imports. */
const imports = new Map();
/** By file: how many lines it has. */
const lines = new Map();
for (const name of readdirSync(src, { recursive: true })) {
  if (!/\.[cm]?ts$/.test(name)) continue;
  const file = name.replaceAll(path.sep, "/");
  const whole = readFileSync(path.join(src, name), "utf8");
  lines.set(file, whole.split("\n").length - 1);
  const text = whole.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const found = new Set();
  for (const [, ...specifiers] of text.matchAll(IMPORT)) {
    const specifier = specifiers.find((each) => each !== undefined);
    found.add(
      specifier.startsWith(".")
        ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)).replace(/js$/, "ts")
        : specifier,
    );
  }
  imports.set(file, found);
}

const roomOf = (file) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");
const levelOf = (file) => (roomOf(file) === "" ? ROOMS.length : ROOMS.indexOf(roomOf(file)));
const problems = [];
let upward = 0;
let node = 0;
for (const [file, targets] of imports) {
  const room = roomOf(file);
  if (levelOf(file) === -1) problems.push(`${file}: the room ${room}/ is not listed in scripts/layers.mjs`);
  if ([...targets].some((target) => target.startsWith("node:")) && room !== "platform") {
    node++;
    problems.push(`${file} imports a module of Node. Only platform/ may: add a service there`);
  }
  for (const target of targets) {
    if (!imports.has(target) || roomOf(target) === room) continue;
    if (levelOf(target) > levelOf(file)) {
      upward++;
      problems.push(`${file} imports ${target}, which lies in a higher room`);
    } else if (room in ONLY && !ONLY[room].includes(roomOf(target))) {
      problems.push(`${file} imports ${target}: ${room}/ may import ${ONLY[room].join(", ")} only`);
    }
  }
}

/** Strongly connected components (Tarjan, "Depth-first search and linear graph algorithms", 1972). */
const circles = [];
const order = new Map();
const low = new Map();
const stack = [];
function visit(file) {
  order.set(file, order.size);
  low.set(file, order.get(file));
  stack.push(file);
  for (const target of imports.get(file)) {
    if (!imports.has(target)) continue;
    if (!order.has(target)) {
      visit(target);
      low.set(file, Math.min(low.get(file), low.get(target)));
    } else if (stack.includes(target)) low.set(file, Math.min(low.get(file), order.get(target)));
  }
  if (low.get(file) !== order.get(file)) return;
  const component = stack.splice(stack.indexOf(file));
  if (component.length > 1 || imports.get(file).has(file)) circles.push(component);
}
for (const file of imports.keys()) if (!order.has(file)) visit(file);
const long = [...lines]
  .filter(([, count]) => count > MOST_LINES)
  .map(([file, count]) => `${file} (${count})`);
for (const file of long) problems.push(`${file} has more than ${MOST_LINES} lines: cut it`);
for (const circle of circles) problems.push(`a circle of imports: ${circle.join(" ↔ ")}`);

if (values.summary) {
  const sizes = new Map();
  let total = 0;
  for (const [file, count] of lines) {
    total += count;
    sizes.set(roomOf(file), (sizes.get(roomOf(file)) ?? 0) + count);
  }
  const [room, size] = [...sizes].sort(([, a], [, b]) => b - a)[0];
  console.log(
    `${imports.size} files, ${total} lines, ${sizes.size} rooms; biggest room: ${room || "the faces"} (${size} lines, ` +
      `${((100 * size) / total).toFixed(0)} %); files over ${MOST_LINES} lines: ${long.length} ${long.join(", ")}`,
  );
  console.log(
    `${circles.length} circles, ${upward} upward imports, ${node} files outside platform/ with node:*`,
  );
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
}
