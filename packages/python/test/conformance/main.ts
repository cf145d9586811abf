/** `npm run conformance [-- PART… [--only TEST…] [--verbose]]`: all of CPython's tests of interpreters, or those of some files (file-run.ts). */
import process from "node:process";
import { parseArgs } from "node:util";
import { MODULES, runFile } from "./file-run.js";
import { fetchSuite, NoSuiteError, VERSION } from "./suite.js";

/** How long a test may take, in milliseconds. */
const LIMIT = Number(process.env["CONFORMANCE_LIMIT"] ?? 120_000);

const { values, positionals } = parseArgs({
  options: { only: { type: "string", multiple: true }, verbose: { type: "boolean" } },
  allowPositionals: true,
});

async function main(): Promise<number> {
  let suite;
  try {
    suite = await fetchSuite();
  } catch (error) {
    if (!(error instanceof NoSuiteError)) throw error;
    process.stdout.write(`SKIPPED: ${error.message}\n`);
    return 0;
  }
  process.stdout.write(`CPython's tests ${VERSION} on Node ${process.version}\n`);
  const sum = { passed: 0, count: 0, differences: 0 };
  for (const module of MODULES) {
    if (positionals.length > 0 && !positionals.some((part) => module.endsWith(part))) continue;
    const began = performance.now();
    const { passed, count, differences } = await runFile(module, suite, { limit: LIMIT, ...values });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    process.stdout.write(`${module}: ${passed} of ${count} pass (${seconds} s)\n`);
    for (const text of differences) process.stdout.write(`\n${text}\n`);
    sum.passed += passed;
    sum.count += count;
    sum.differences += differences.length;
  }
  process.stdout.write(
    `\n${sum.passed} of ${sum.count} tests pass; ${sum.differences} differ from what is expected\n`,
  );
  return sum.differences === 0 ? 0 : 1;
}

process.exitCode = await main();
