/**
 * `npm run soak [-- --kills N]`: terminates N Python interpreters (default: 1000) at random moments, in the midst of puts and gets, and checks that
 * nothing is lost and nothing comes twice (deaths.test.ts). Exits with 1 after a violation, or if no interpreter has died for two minutes.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Longer than any death may take, in milliseconds. */
const PATIENCE = 120_000;

const { values } = parseArgs({ options: { kills: { type: "string", default: "1000" } } });
const kills = Number(values.kills);
if (!(kills >= 2)) throw new RangeError(`--kills must be a number from 2 on, found ${values.kills}`);

const child = spawn(process.execPath, [fileURLToPath(new URL("./deaths.test.js", import.meta.url))], {
  // Half of them are producers, the others are consumers.
  env: { ...process.env, DEATHS: String(Math.ceil(kills / 2)) },
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
let timer: NodeJS.Timeout;
const expect = (): void => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    process.stderr.write(`No interpreter has died for ${PATIENCE / 1000} s: the soak hangs\n`);
    child.kill("SIGKILL");
  }, PATIENCE);
};
expect();
child.on("message", expect);
child.on("close", (status) => {
  clearTimeout(timer);
  process.exitCode = status ?? 1;
});
