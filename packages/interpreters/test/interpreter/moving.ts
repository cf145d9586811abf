/** Functions whose results are moved, and one that shows what is left of them. */
import { move } from "interpreters";

let last: Uint8Array | undefined;

/** Returns the length of the last result in bytes: 0 once it was moved, -1 if there was none. */
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

export function deep(length: number): { list: { bytes: Uint8Array }[] } {
  return { list: [{ bytes: bytes(length) }] };
}

export function* deepItems(length: number): Generator<{ bytes: Uint8Array }> {
  for (let i = 0; i < 3; i++) yield { bytes: bytes(length) };
}

export function report(report: (value: unknown) => void): void {
  report({ bytes: bytes(5) });
}
