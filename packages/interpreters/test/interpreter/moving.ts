/** Functions whose results are moved, and a look at what is left of them. */
import { move } from "interpreters";

let last: Uint8Array | undefined;

/** How long the bytes are that were last returned; 0 once they were moved. */
export function left(): number {
  return last?.byteLength ?? -1;
}

export function bytes(length: number): Uint8Array {
  last = new Uint8Array(length).fill(7);
  return move(last);
}

export function buffer(length: number): ArrayBuffer {
  last = new Uint8Array(length).fill(7);
  move(last.buffer);
  return last.buffer as ArrayBuffer;
}

export function nested(length: number): { name: string; bytes: Uint8Array } {
  last = new Uint8Array(length).fill(7);
  return move({ name: "nested", bytes: last }, [last.buffer as ArrayBuffer]);
}

export async function later(length: number): Promise<Uint8Array> {
  await Promise.resolve();
  return bytes(length);
}

export function copied(length: number): Uint8Array {
  last = new Uint8Array(length).fill(7);
  return last;
}

export function refused(length: number): unknown {
  last = new Uint8Array(length);
  return move({ last, callback: () => 0 }, [last.buffer as ArrayBuffer]);
}
