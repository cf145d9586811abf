/** The worker of the program as it is written for piscina: named exports, and `move` for a result that must not be copied. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { move } from "piscina";

export interface Summary {
  readonly file: string;
  readonly lines: number;
  readonly longest: number;
  readonly digest: string;
}

export async function summarize({ file }: { file: string }): Promise<Summary> {
  const text = await readFile(file, "utf8");
  const lines = text.split("\n");
  return {
    file,
    lines: lines.length,
    longest: Math.max(...lines.map(({ length }) => length)),
    digest: createHash("sha256").update(text).digest("hex"),
  };
}

export function gradient({ width, height }: { width: number; height: number }): unknown {
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i % width) ^ (i / width);
  return move(pixels);
}

export function endless(): never {
  for (;;);
}
