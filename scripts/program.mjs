/**
 * Runs real programs twice, with the package that they depend on and with our adapter in its place (npm's `overrides`), and compares what they
 * print, what they write, and their exit codes.
 *
 *     node scripts/program.mjs [--show] webpack|jest|mocha|eslint|swc|vitest|css|mdx|repomix|light|angular …
 *     node scripts/program.mjs --time [--rounds N] vitest
 *     npm run programs; npm run programs:time
 *
 * Prints a line for each; `--show` also prints what the program printed and wrote. Exits with 0 if all are equal and leave no process behind, with 77
 * if a program cannot be installed here, and with 1 otherwise. Nothing stays. `--time` measures instead how long a program runs with either package
 * (programs/timing.mjs).
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { programs } from "./programs/index.mjs";
import { Installation } from "./programs/installation.mjs";
import { time } from "./programs/timing.mjs";

const { values, positionals } = parseArgs({
  options: {
    show: { type: "boolean" },
    all: { type: "boolean" },
    time: { type: "boolean" },
    rounds: { type: "string" },
  },
  allowPositionals: true,
});
const timed = Object.keys(programs).filter((name) => programs[name].timed !== undefined);
const known = values.time ? timed : Object.keys(programs);
const rounds = Number(values.rounds ?? 7);
const chosen = values.all && positionals.length === 0 ? known : positionals;
if (chosen.length === 0 || chosen.some((name) => !known.includes(name)) || !(rounds >= 1)) {
  console.error(`Usage: node scripts/program.mjs [--show] ${Object.keys(programs).join("|")} …
       node scripts/program.mjs --time [--rounds N] ${timed.join("|")} …`);
  process.exit(2);
}

/** The exit code for a program. */
function compare(name) {
  const program = programs[name];
  const { adapter } = program;
  const installation = new Installation(program);
  try {
    if (!installation.installGenuine()) {
      const packages = Object.keys(program.packages).join(" and ");
      console.log(`${name}: skipped, for npm cannot install ${packages} here\n${installation.complaint}`);
      return 77;
    }
    const genuine = installation.run();
    installation.installOurs();
    const ours = installation.run();
    const shown = ({ outcomes }) => JSON.stringify(outcomes, undefined, 2);
    if (values.show) console.log(shown(ours));
    if (!ours.used) throw new Error(`${name} does not load what npm installed for ${adapter}`);
    const left = ours.outcomes.flatMap(({ processes }) => processes);
    if (shown(genuine) !== shown(ours) || left.length > 0) {
      console.log(`${name}: with @interpreters/${adapter}\n${shown(ours)}\n${ours.complaints}`);
      console.log(`with ${adapter}\n${shown(genuine)}\n${genuine.complaints}`);
      return 1;
    }
    const files = ours.outcomes.reduce((sum, outcome) => sum + outcome.files.length, 0);
    const codes = ours.outcomes.map(({ status }) => status).join(", ");
    console.log(`${name}: the same output and ${files} files, exit code ${codes}, no process left`);
    return 0;
  } finally {
    installation.remove();
  }
}

for (const name of chosen) {
  const code = values.time ? time(programs[name], name, Math.floor(rounds)) : compare(name);
  if (code !== 0 && process.exitCode !== 1) process.exitCode = code;
}
