/** Packages with addons, as users have them, in many interpreters that come and go. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { addons, create, fromModule, InterpreterPoolExecutor } from "interpreters";
import { limits } from "../support/ways.js";

// Not imported here: main must not have loaded them.
const { addRows, checksum, outline, ownDatabase, picture, thumbnail } = fromModule<
  typeof import("./packages.js")
>(new URL("./packages.js", import.meta.url));

const require = createRequire(import.meta.url);
const sqlite = ((): typeof import("better-sqlite3") | undefined => {
  try {
    const Database = require("better-sqlite3") as typeof import("better-sqlite3");
    // It looks for its addon only now, and may find that of another version of Node.
    new Database(":memory:").close();
    return Database;
  } catch {
    return undefined;
  }
})();
const withSqlite = {
  ...limits,
  skip: sqlite === undefined && "better-sqlite3 is not built for this version of Node",
};

test("sharp: thumbnails, by pools that come and go", limits, async () => {
  const hues = [0, 60, 120, 180, 240, 300];
  const sizes = hues.map((_hue, i) => 16 + i);
  let first: unknown;
  for (let round = 0; round < 3; round++) {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const images = await Promise.all(hues.map((hue) => pool.submit(picture, hue, 256)));
    const thumbnails = await Promise.all(images.map((image, i) => pool.submit(thumbnail, image, sizes[i])));
    assert.deepEqual(
      thumbnails.map(({ format, width, height }) => [format, width, height]),
      sizes.map((size) => ["png", size, size]),
    );
    // The middle has the complementary colour: red and cyan show that the pictures were not mixed up.
    const [[red, green], , , [red3, green3]] = thumbnails.map(({ colour }) => colour);
    assert.ok(red < green && red3 > green3, JSON.stringify(thumbnails));
    first ??= thumbnails;
    assert.deepEqual(thumbnails, first);
  }
  const sharp = addons().filter(({ file }) => path.basename(file).startsWith("sharp"));
  assert.equal(sharp.length, 1, JSON.stringify(addons()));
  assert.equal(sharp[0].kind, "node-api");
  assert.notEqual(sharp[0].firstLoadedBy, 0);
});

test(
  "oxc-parser, made with napi-rs, in interpreters one after another and side by side",
  limits,
  async () => {
    const source =
      "export const answer: number = 42;\nexport function ask(): void {}\nexport class Deep {}\n";
    for (let round = 0; round < 4; round++) {
      const several = Array.from({ length: 3 }, () => create());
      const outlines = await Promise.all(
        several.map((interp, i) => interp.call(outline, i === 0 ? "const const" : source)),
      );
      assert.ok(outlines[0].errors > 0);
      for (const { exported, errors } of outlines.slice(1)) {
        assert.deepEqual([exported, errors], [["answer", "ask", "Deep"], 0]);
      }
      // Some leave by themselves, one is terminated.
      await Promise.all(several.map((interp, i) => (i === 1 ? interp.terminate() : interp.close())));
    }
  },
);

test("@node-rs/crc32: what it gives is what Node gives", limits, async () => {
  const bytes = Buffer.from("interpreters ".repeat(1000));
  for (let round = 0; round < 4; round++) {
    const interp = create();
    const sum = interp.callSync(checksum, bytes);
    // Node has `crc32` from 20.15 on.
    assert.equal(sum, crc32(bytes));
    await interp.close();
  }
});

test("better-sqlite3: a database for each interpreter", withSqlite, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 3, maxTasksPerInterpreter: 2 });
  const counts = Array.from({ length: 12 }, (_, i) => 10 + i);
  const sums = await Promise.all(counts.map((count) => pool.submit(ownDatabase, count)));
  assert.deepEqual(
    sums,
    counts.map((n) => (n * (n + 1) * (2 * n + 1)) / 6),
  );
});

test("better-sqlite3: one file for all interpreters and main", withSqlite, async () => {
  assert.ok(sqlite !== undefined);
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-sqlite-"));
  const file = path.join(folder, "rows.db");
  try {
    const database = new sqlite(file);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = OFF");
    database.exec("CREATE TABLE rows (writer INTEGER, n INTEGER, PRIMARY KEY (writer, n))");
    const writers = [0, 1, 2, 3];
    await Promise.all(
      writers.map(async (writer) => {
        await using interp = create();
        await interp.call(addRows, file, writer, 50);
      }),
    );
    const rows = database
      .prepare("SELECT writer, count(*) AS count FROM rows GROUP BY writer ORDER BY writer")
      .all();
    assert.deepEqual(
      rows,
      writers.map((writer) => ({ writer, count: 50 })),
    );
    database.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
