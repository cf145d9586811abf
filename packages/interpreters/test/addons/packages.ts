/** Functions for interpreters: packages with addons, each used for its purpose. */
import { createRequire } from "node:module";
import { crc32 } from "@node-rs/crc32";
import { parseSync } from "oxc-parser";
import sharp from "sharp";

// One interpreter is one core's worth of work.
sharp.concurrency(1);

/** Returns a PNG picture of a given hue and width. */
export function picture(hue: number, width: number): Promise<Buffer> {
  const rings = `<svg width="${width}" height="${width}"><rect width="100%" height="100%" fill="hsl(${hue},80%,40%)"/>
    <circle cx="50%" cy="50%" r="30%" fill="hsl(${(hue + 180) % 360},80%,60%)"/></svg>`;
  return sharp(Buffer.from(rings)).png().toBuffer();
}

export interface Thumbnail {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** The colour of its middle: red, green, blue. */
  readonly colour: readonly number[];
}

export async function thumbnail(image: Uint8Array, width: number): Promise<Thumbnail> {
  const small = await sharp(image).resize({ width }).png().toBuffer();
  const { format, width: found, height } = await sharp(small).metadata();
  const middle = { left: found >> 1, top: height >> 1, width: 1, height: 1 };
  const pixel = await sharp(small).extract(middle).removeAlpha().raw().toBuffer();
  return { format: format ?? "", width: found, height, colour: [...pixel] };
}

export function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** Returns the names of a module's exports, and the number of its errors. */
export function outline(source: string): { exported: string[]; errors: number } {
  const { module, errors } = parseSync("module.ts", source);
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName }) => exportName.name ?? ""),
  );
  return { exported, errors: errors.length };
}

type Sqlite = typeof import("better-sqlite3");

/** Computes the sum of the squares of 1 to `count` in a database that only this interpreter uses. */
export function ownDatabase(count: number): number {
  const Database = createRequire(import.meta.url)("better-sqlite3") as Sqlite;
  const database = new Database(":memory:");
  database.exec("CREATE TABLE squares (n INTEGER PRIMARY KEY, square INTEGER NOT NULL)");
  const insert = database.prepare("INSERT INTO squares VALUES (?, ?)");
  database.transaction(() => {
    for (let n = 1; n <= count; n++) insert.run(n, n * n);
  })();
  const { total } = database.prepare("SELECT sum(square) AS total FROM squares").get() as { total: number };
  database.close();
  return total;
}

/** Adds rows to a database that other interpreters write to at the same time. */
export function addRows(file: string, writer: number, count: number): void {
  const Database = createRequire(import.meta.url)("better-sqlite3") as Sqlite;
  const database = new Database(file, { timeout: 30_000 });
  const insert = database.prepare("INSERT INTO rows (writer, n) VALUES (?, ?)");
  for (let n = 0; n < count; n++) insert.run(writer, n);
  database.close();
}
