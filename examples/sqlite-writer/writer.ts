/** The code of the interpreter that owns the database. SQLite has one writer at a time: here it is always the same one. */

import { type Queue, QueueShutDown } from "interpreters";
import { openDatabase } from "./database.js";
import type { Row } from "./producer.js";

/** Rows in one transaction. A transaction for each row would be a hundred times slower. */
const BATCH = 500;

/**
 * Writes the rows of a queue until it is shut down and empty.
 *
 * @returns how many rows it wrote
 */
export async function write(file: string, rows: Queue<Row, never>): Promise<number> {
  const database = openDatabase(file);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(
      "CREATE TABLE functions (producer INTEGER, number INTEGER, file TEXT, name TEXT, PRIMARY KEY (producer, number))",
    );
    const insert = database.prepare("INSERT INTO functions VALUES (?, ?, ?, ?)");
    let written = 0;
    for (;;) {
      let batch: Row[];
      try {
        batch = await rows.getMany(BATCH);
      } catch (error) {
        if (error instanceof QueueShutDown) return written;
        throw error;
      }
      database.exec("BEGIN");
      for (const { producer, number, file: source, name } of batch)
        insert.run(producer, number, source, name);
      database.exec("COMMIT");
      written += batch.length;
    }
  } finally {
    database.close();
  }
}
