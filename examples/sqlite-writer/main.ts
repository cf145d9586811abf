/**
 * Several interpreters produce rows, and one writes them to an SQLite database, which it alone opens. One producer is stopped
 * in the middle of its work. In the end the database has every row that was put, once.
 *
 *     node dist/sqlite-writer/main.js [folder] [options]
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { create, createQueue, fromModule, InterpreterDiedError, UNBOUND_KEEP } from "interpreters";
import { openDatabase } from "./database.js";
import type { Row } from "./producer.js";
import { positiveInteger, runCommand } from "../support/options.js";
import { findSources } from "../support/sources.js";

const { produce } = fromModule<typeof import("./producer.js")>(new URL("./producer.js", import.meta.url));
const { write } = fromModule<typeof import("./writer.js")>(new URL("./writer.js", import.meta.url));

const USAGE = `Usage: node dist/sqlite-writer/main.js [folder] [options]

Writes the names of the functions in a folder's .js files (default: the workspace's node_modules) to an SQLite database.

  --producers N  interpreters that read files (default: 2), beside one that is stopped in the middle of its work
  --limit N      use only the first N files (default: 500)
  --out FILE     keep the database
  --help         show this help`;

/** Rows. Producers wait while so many are in the queue, so the memory stays small, however slow the disk is. */
const ROOM = 2_000;

/** The producer that is stopped has put at least so many rows by then. */
const ROWS_OF_THE_STOPPED = 1_000;

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      producers: { type: "string", default: "2" },
      limit: { type: "string", default: "500" },
      out: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (positionals.length > 1) throw new TypeError(`one folder at most, not ${positionals.length}`);
  return {
    help: values.help ?? false,
    folder: positionals[0] ?? fileURLToPath(new URL("../../../node_modules", import.meta.url)),
    producers: positiveInteger("producers", values.producers),
    limit: positiveInteger("limit", values.limit),
    out: values.out,
  };
}

/** Fills the database, and returns how many rows each producer has put; the last one is the one that was stopped. */
async function fill(database: string, files: readonly string[], producers: number): Promise<Int32Array> {
  // By default an item of an interpreter that was stopped becomes UNBOUND. A row is data, which needs no sender.
  const rows = createQueue<Row>(ROOM, { unboundItems: UNBOUND_KEEP });
  const put = new Int32Array(new SharedArrayBuffer((producers + 1) * Int32Array.BYTES_PER_ELEMENT));
  await using writer = create({ name: "writer" });
  const writing = writer.call(write, database, rows);

  await using stopped = create({ name: "stopped" });
  const endless = stopped.call(produce, { producer: producers, files, endless: true }, rows, put);
  const producing = Array.from({ length: producers }, async (_, producer) => {
    await using interp = create({ name: `producer ${producer}` });
    const share = files.filter((_file, i) => i % producers === producer);
    await interp.call(produce, { producer, files: share }, rows, put);
  });

  const stop = async (): Promise<void> => {
    while (Atomics.load(put, producers) < ROWS_OF_THE_STOPPED) await new Promise(setImmediate);
    await stopped.terminate();
  };
  const died = endless.then(
    () => Promise.reject(new Error("the endless producer ended by itself")),
    (error: unknown) => {
      if (!(error instanceof InterpreterDiedError)) throw error;
    },
  );
  await Promise.all([...producing, stop(), died]);
  rows.shutdown();
  console.log(`The writer wrote ${await writing} rows`);
  return put;
}

/** Whether the database has the rows 0, 1, 2 … of each producer, as many as were put. */
function check(file: string, put: Int32Array): boolean {
  const database = openDatabase(file);
  const found = database
    .prepare(
      "SELECT producer, COUNT(*) AS rows, MAX(number) AS last FROM functions GROUP BY producer ORDER BY producer",
    )
    .all() as { producer: number; rows: number; last: number }[];
  database.close();
  let right = found.length === put.length;
  for (const { producer, rows, last } of found) {
    const wasStopped = producer === put.length - 1;
    // It may have been stopped between putting rows and counting them.
    const enough = wasStopped ? rows >= put[producer] : rows === put[producer];
    if (!enough || last !== rows - 1) right = false;
    const name = wasStopped ? "the stopped one" : `producer ${producer}`;
    console.log(`  ${name}: ${put[producer]} rows put, ${rows} in the database, 0 to ${last}`);
  }
  return right;
}

async function main({ folder, producers, limit, out }: ReturnType<typeof parse>): Promise<number> {
  const choice = { extensions: [".js"], largest: 1_000_000, limit };
  const files = (await findSources(folder, choice)).map(({ file }) => file);
  if (files.length === 0) {
    console.error(`No .js files in ${folder}`);
    return 1;
  }
  const temporary = await mkdtemp(join(tmpdir(), "interpreters-sqlite-"));
  try {
    const database = out ?? join(temporary, "functions.db");
    console.log(
      `The functions of ${files.length} files, from ${producers} producers and one that is stopped`,
    );
    const start = performance.now();
    const put = await fill(database, files, producers);
    const seconds = (performance.now() - start) / 1000;
    if (!check(database, put)) {
      console.error("Rows are missing");
      return 1;
    }
    console.log(`Every row that was put is there, once (${seconds.toFixed(2)} s)`);
    if (out !== undefined) console.log(`Written to ${out}`);
    return 0;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

process.exitCode = await runCommand(USAGE, parse, main);
