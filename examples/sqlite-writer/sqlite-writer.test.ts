/** The example as a user runs it: a separate process. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Database, openDatabase } from "./database.js";
import { messageOf } from "../support/options.js";
import { runNode } from "../support/process.js";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

function whyNot(): string | false {
  try {
    openDatabase(":memory:").close();
    return false;
  } catch (error) {
    return messageOf(error);
  }
}

describe("the sqlite-writer example", { skip: whyNot() }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sqlite-example-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("every row that was put is in the database, also those of a producer that was stopped", async () => {
    const { stdout, stderr, code } = await runNode([main, "--producers", "2"]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^The functions of 500 files, /m);
    assert.match(stdout, /^ {2}producer 0: (\d+) rows put, \1 in the database/m);
    assert.match(stdout, /^ {2}producer 1: (\d+) rows put, \1 in the database/m);
    assert.match(stdout, /^ {2}the stopped one: \d{4,} rows put, /m);
    assert.match(stdout, /^Every row that was put is there, once /m);
  });

  test("the database has the names of the functions", async () => {
    await writeFile(join(folder, "code.js"), "export function one() {}\nasync function* two() {}\n");
    const file = join(folder, "out.db");
    const { stdout, stderr, code } = await runNode([main, folder, "--producers", "1", "--out", file]);
    assert.equal(code, 0, stdout + stderr);
    const database: Database = openDatabase(file);
    const rows = database
      .prepare("SELECT number, name FROM functions WHERE producer = 0 ORDER BY number")
      .all();
    database.close();
    // Rows of node:sqlite have no prototype.
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      [
        { number: 0, name: "one" },
        { number: 1, name: "two" },
      ],
    );
  });
});
