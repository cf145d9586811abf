/**
 * The lines of earlier sessions, in a file as Node's prompt keeps it: the newest first. Line breaks in an entry are written as
 * carriage returns.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { systemMessage } from "../errors.js";

export const HISTORY_SIZE = 1000;

export class History {
  readonly #file: string | undefined;
  readonly #onFailure: (message: string) => void;
  #failed = false;

  /** `onFailure` is called at most once: a session without history is better than none. */
  constructor(file: string | undefined, onFailure: (message: string) => void) {
    this.#file = file;
    this.#onFailure = onFailure;
  }

  /** The entries, the newest first. */
  read(): string[] {
    if (this.#file === undefined) return [];
    try {
      const lines = readFileSync(this.#file, "utf8").split("\n");
      return lines
        .filter((line) => line.trim() !== "")
        .slice(0, HISTORY_SIZE)
        .map((line) => line.replaceAll("\r", "\n"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#fail("read", error);
      return [];
    }
  }

  write(entries: readonly string[]): void {
    if (this.#file === undefined || this.#failed) return;
    const distinct = [...new Set(entries.map(inOrder))];
    const lines = distinct.slice(0, HISTORY_SIZE).map((entry) => `${entry.replaceAll("\n", "\r")}\n`);
    try {
      // Lines can hold secrets.
      writeFileSync(this.#file, lines.join(""), { mode: 0o600 });
    } catch (error) {
      this.#fail("written", error);
    }
  }

  #fail(what: string, error: unknown): void {
    this.#failed = true;
    this.#onFailure(`the history ${this.#file ?? ""} cannot be ${what}: ${systemMessage(error)}`);
  }
}

/** Newer versions of Node keep the lines of an entry in reverse, between carriage returns. */
const inOrder = (entry: string): string =>
  entry.includes("\r") ? entry.split("\r").reverse().join("\n") : entry;

/** Replaces the newest entries, the lines of an input, by the whole input. */
export function joinEntries(entries: string[], lines: readonly string[]): void {
  for (const line of lines.toReversed()) {
    const at = entries.indexOf(line);
    // A line that was typed before can have kept its older place.
    if (at >= 0 && at < lines.length) entries.splice(at, 1);
  }
  const whole = lines.join("\n");
  const before = entries.indexOf(whole);
  if (before >= 0) entries.splice(before, 1);
  entries.unshift(whole);
}
