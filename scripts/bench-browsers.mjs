/**
 * Compares this package with comlink, workerpool and bare workers in the browsers that are installed, and prints a table with the ratios:
 *
 *     npm run bench:browsers [-- --only start] [--rounds 7] [--record] [chromium] [firefox]
 *
 * `--record` writes the figures to bench/browsers/figures.json, and draws from there the table in packages/interpreters/docs/browsers.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { browser, FOLDERS, pageOf, visit } from "../packages/interpreters/dist/test/browser/browsers.js";
import { drawTable, withFigures } from "../bench/dist/browsers/figures.js";
import { describeEnvironment } from "../bench/dist/environment.js";

const { values, positionals } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
    record: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const compiled = fileURLToPath(new URL("../bench/dist/browsers/", import.meta.url));

/** Bundles of all files of the bench, as a page loads them. */
async function bundled() {
  // All but the first are required by workerpool on Node.
  const external = ["interpreters", "child_process", "os", "worker_threads"];
  const common = {
    external,
    bundle: true,
    write: false,
    platform: "browser",
    outdir: "/bench",
    minify: true,
  };
  const { outputFiles: workers } = await build({
    ...common,
    format: "iife",
    entryPoints: ["bare", "importing", "comlink", "workerpool"].map((name) => `${compiled}${name}.worker.js`),
  });
  const { outputFiles: modules } = await build({
    ...common,
    format: "esm",
    target: "esnext",
    entryPoints: [`${compiled}measure.js`, `${compiled}tasks.js`],
  });
  return Object.fromEntries(
    [...workers, ...modules].map(({ path, text }) => [
      path.replaceAll("\\", "/").replace(/^.*\/bench\//, "/bench/"),
      text,
    ]),
  );
}

const version = ({ file }) =>
  spawnSync(file, ["--version"], { encoding: "utf8" })
    .stdout.trim()
    .replace(/^(\S+(?: \D\S*)?) (\d+).*$/, "$1 $2");

/** One row for each contender of a case, with all its rounds. First starts come one by one. */
function collect(reports) {
  const rows = new Map();
  for (const { name, ok, detail, row } of reports) {
    if (row === undefined) {
      if (!ok) throw new Error(`${name}: ${detail ?? ""}`);
      continue;
    }
    const key = `${row.id} ${row.name}`;
    const known = rows.get(key);
    if (known === undefined) rows.set(key, row);
    else known.rounds.push(...row.rounds);
  }
  return [...rows.values()];
}

/** A row whose figures have as many digits as mean something. */
const rounded = (row) => ({ ...row, rounds: row.rounds.map((each) => Number(each.toPrecision(4))) });

const files = await bundled();
const wanted = positionals.length > 0 ? positionals : ["chromium", "firefox"];
const browsers = [];
for (const name of wanted) {
  const found = browser(name);
  if (found === undefined) {
    console.log(`${name} is not installed`);
    continue;
  }
  const page = pageOf("").replace('src="/pages/"', 'src="/bench/measure.js"');
  const site = {
    pages: { "/": page, ...files },
    folders: { "/interpreters/": FOLDERS["/interpreters/"] },
    // As any server of a program in use does. Without it each worker asks the server for its script.
    headers: { "Cache-Control": "max-age=3600" },
    start: `/?rounds=${values.rounds}&only=${values.only}`,
  };
  const rows = collect(await visit(found, site, 90_000));
  browsers.push({ name, version: version(found), rows });
  console.log(drawTable(browsers.at(-1)));
}

if (values.record) {
  const file = new URL("../bench/browsers/figures.json", import.meta.url);
  // Browsers that are not measured this time keep the figures that they have.
  const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).browsers : [];
  const measured = browsers.map(({ rows, ...each }) => ({ ...each, rows: rows.map(rounded) }));
  const kept = known.filter(({ name }) => measured.every((each) => each.name !== name));
  const { processor, cores, platform, commit } = await describeEnvironment();
  const figures = {
    machine: { processor, cores, platform },
    commit,
    date: new Date().toISOString(),
    browsers: [...kept, ...measured].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
  writeFileSync(file, `${JSON.stringify(figures)}\n`);
  const guide = new URL("../packages/interpreters/docs/browsers.md", import.meta.url);
  writeFileSync(guide, withFigures(readFileSync(guide, "utf8"), figures));
}
