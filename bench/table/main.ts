/**
 * `npm run table`: tests how packages handle failures, row by row, each row in its own process with a time limit.
 * `npm run table -- exit load --only piscina --only @interpreters/piscina` runs only those rows and packages.
 *
 * Exits with 1 if this package, or one of its adapters for others, fails a row.
 */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Package, packages } from "./pools.js";
import { type Row, rows } from "./rows.js";

/** Milliseconds: longer than any step of a row is waited for. */
const LIMIT = 40_000;
const script = fileURLToPath(new URL("./row-process.js", import.meta.url));

interface Result {
  readonly passed: boolean;
  readonly note: string;
}

async function runRow(row: Row, made: Package): Promise<Result> {
  const child = spawn(process.execPath, [script, row.id, made.name], { stdio: ["ignore", "pipe", "pipe"] });
  let [said, complained, hung] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complained += text));
  const limit = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, LIMIT);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(limit);
  const last = said.trim().split("\n").at(-1) ?? "";
  if (hung) return { passed: false, note: last === "ok" ? "the process does not end" : "the process hangs" };
  if (code === 0 && last === "ok") return { passed: true, note: "" };
  const why = /^\w*Error.*$/m.exec(complained)?.[0] ?? `exit code ${code}`;
  return { passed: false, note: last !== "" && last !== "ok" ? last : `the process ends: ${why}` };
}

const { values, positionals: wanted } = parseArgs({
  options: { only: { type: "string", multiple: true } },
  allowPositionals: true,
});
const columns = packages.filter(({ name }) => values.only?.includes(name) ?? true);
const chosen = rows.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
if (chosen.length === 0) {
  console.error(
    `No row matches ${wanted.join(" or ")}; the rows are: ${rows.map(({ id }) => id).join(", ")}`,
  );
  process.exit(2);
}
console.log(`| case | ${columns.map(({ name }) => name).join(" | ")} |`);
console.log(`| --- |${" --- |".repeat(columns.length)}`);
for (const row of chosen) {
  const cells: string[] = [];
  for (const made of columns) {
    const missing = made.without?.[row.id] ?? (made.blocking ? row.blocking : undefined);
    if (missing !== undefined) {
      cells.push(`– (${missing})`);
      continue;
    }
    const { passed, note } = await runRow(row, made);
    cells.push(passed ? "pass" : `FAIL: ${note.replaceAll("|", "/")}`);
    if (!passed && made.ours) process.exitCode = 1;
  }
  console.log(`| ${row.title} | ${cells.join(" | ")} |`);
}
