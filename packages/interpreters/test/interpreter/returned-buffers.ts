/** Functions that receive a large buffer and return buffers, moved; see returned-buffers.test.ts. */
import { setImmediate as turn } from "node:timers/promises";
import { move } from "interpreters";

type Memory = { readonly buffer: ArrayBuffer };
type MemoryConstructor = new (descriptor: { initial: number }) => Memory;

let last: ArrayBuffer[] = [];

/** Returns the lengths in bytes of the buffers that were last returned: 0 once they were moved. */
export function left(): number[] {
  return last.map((buffer) => buffer.byteLength);
}

/** From now on this thread cannot post anything to the supervisor. */
export function cutSupervisorPort(): void {
  const key = Object.getOwnPropertySymbols(globalThis).find((key) =>
    key.description!.startsWith("interpreters.runtime"),
  )!;
  const [rt] = (globalThis as unknown as Record<symbol, [{ supervisorPort: { postMessage(): void } }]>)[key];
  rt.supervisorPort.postMessage = () => {
    throw new Error("this goes through the supervisor");
  };
}

function returning<T extends object>(value: T, ...buffers: ArrayBuffer[]): T {
  last = buffers;
  return move(value, buffers);
}

export function back(buffer: ArrayBuffer): ArrayBuffer {
  return returning(buffer, buffer);
}

export function first(value: { readonly first: ArrayBuffer }): ArrayBuffer {
  return back(value.first);
}

/** Returns `count` new buffers of `length` bytes, each filled with its index, under several views; and the argument's length. */
export function others(
  buffer: ArrayBuffer,
  count: number,
  length: number,
): { got: number; views: Uint8Array[]; again: ArrayBuffer[] } {
  const buffers = Array.from({ length: count }, (_, i) => new Uint8Array(length).fill(i).buffer);
  const views = buffers.map((each) => new Uint8Array(each));
  return returning({ got: buffer.byteLength, views, again: buffers }, ...buffers);
}

/** Returns after `turns` of the event loop, so that concurrent tasks end in another order than they began. */
export async function later(buffer: ArrayBuffer, turns: number): Promise<ArrayBuffer> {
  for (let i = 0; i < turns; i++) await turn();
  return back(buffer);
}

/** Ends the interpreter as soon as the result is on its way. */
export function lastWill(buffer: ArrayBuffer): ArrayBuffer {
  setImmediate(() => process.exit());
  return back(buffer);
}

/** Returns a buffer that Node cannot detach. */
export function wasm(_buffer: ArrayBuffer, pages: number): ArrayBuffer {
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: MemoryConstructor } }).WebAssembly;
  const { buffer } = new Memory({ initial: pages });
  new Uint8Array(buffer).fill(3);
  return returning(buffer, buffer);
}

export function fails(buffer: ArrayBuffer): never {
  throw new RangeError(`of ${buffer.byteLength}`);
}

export function cannotTravel(buffer: ArrayBuffer): object {
  return returning({ buffer, callback: () => 0 }, buffer);
}
