/**
 * Compares this package with other pools and with bare workers on Node, Bun and Deno, and prints a table with the ratios:
 *
 *     npm run bench:runtimes [-- RUNTIME…]      for example  npm run bench:runtimes -- bun
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeBinary } from "./binaries.mjs";
import { RUNTIMES } from "./runtimes.mjs";

const file = fileURLToPath(new URL("../bench/dist/runtimes/measure.js", import.meta.url));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["node", ...Object.keys(RUNTIMES)];
for (const runtime of wanted) {
  const known = RUNTIMES[runtime];
  const binary = known === undefined ? process.execPath : runtimeBinary(runtime);
  const options = runtime === "deno" ? ["run", "--allow-all"] : [];
  const { stdout, stderr, status } = spawnSync(binary, [...options, file], {
    encoding: "utf8",
    timeout: 300_000,
    maxBuffer: 1e8,
  });
  console.log(
    `\n${known === undefined ? `Node ${process.versions.node}` : `${known.title} ${known.version}`}`,
  );
  const rows = stdout
    .split("\n")
    .filter((line) => line.startsWith('{"title"'))
    .map((line) => JSON.parse(line));
  const titles = [...new Set(rows.map(({ title }) => title))];
  for (const title of titles) {
    console.log(`  ${title}`);
    const [ours, ...others] = rows.filter((row) => row.title === title && row.best !== undefined);
    const peers = others.filter(({ name }) => !name.startsWith("bare"));
    const bestPeer = Math.max(0, ...peers.map(({ best }) => best));
    for (const { name, best, problem } of rows.filter((row) => row.title === title)) {
      const ratio =
        best === undefined || best === ours?.best
          ? ""
          : `ours is ${(ours.best / best).toFixed(2)} times as fast`;
      console.log(`    ${name.padEnd(36)}${String(best ?? "–").padStart(10)}/s  ${problem ?? ratio}`);
    }
    if (bestPeer > 0)
      console.log(`    ${(ours.best / bestPeer).toFixed(2)} times the best of the other pools`);
  }
  if (status !== 0) {
    console.log(`  ended with ${status}: ${stderr.slice(-1000)}`);
    process.exitCode = 1;
  }
}
