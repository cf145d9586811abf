/** The same module for interpreters. Only `move` comes from another package, and functions take their arguments directly. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { move } from "interpreters";

export interface Summary {
  readonly file: string;
  readonly lines: number;
  readonly longest: number;
  readonly digest: string;
}

export async function summarize(file: string): Promise<Summary> {
  const text = await readFile(file, "utf8");
  const lines = text.split("\n");
  return {
    file,
    lines: lines.length,
    longest: Math.max(...lines.map(({ length }) => length)),
    digest: createHash("sha256").update(text).digest("hex"),
  };
}

export function gradient(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i % width) ^ (i / width);
  return move(pixels);
}

export function endless(): never {
  for (;;);
}
