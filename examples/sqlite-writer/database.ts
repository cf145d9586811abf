/**
 * SQLite as this Node has it: `node:sqlite` (Node 22.13 and later), otherwise the package better-sqlite3. The two agree in
 * all that this example uses.
 */

import { createRequire } from "node:module";

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Statement {
  run(...values: (string | number)[]): unknown;
  all(...values: (string | number)[]): unknown[];
}

type DatabaseClass = new (file: string) => Database;

/** Opens a database. Throws an Error with the remedy if there is no SQLite. */
export function openDatabase(file: string): Database {
  return new (databaseClass())(file);
}

function databaseClass(): DatabaseClass {
  const require = createRequire(import.meta.url);
  let cause: unknown;
  for (const load of [
    () => (require("node:sqlite") as { DatabaseSync: DatabaseClass }).DatabaseSync,
    () => require("better-sqlite3") as DatabaseClass,
  ]) {
    try {
      const found = load();
      new found(":memory:").close();
      return found;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error("There is no SQLite: use Node 22.13 or later, or npm install better-sqlite3", { cause });
}
