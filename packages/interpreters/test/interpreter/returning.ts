/** Functions that are given a large buffer and return some, moved; see returning.test.ts. */
import { setImmediate as turn } from "node:timers/promises";
import { move } from "interpreters";

type Memory = { readonly buffer: ArrayBuffer };
type MemoryConstructor = new (descriptor: { initial: number }) => Memory;

let last: ArrayBuffer[] = [];

/** The lengths of what was last returned; 0 once they were moved. */
export function left(): number[] {
  return last.map((buffer) => buffer.byteLength);
}

/** From now on nothing can be given to the supervisor here. */
export function cutLine(): void {
  const key = Object.getOwnPropertySymbols(globalThis).find((key) =>
    key.description!.startsWith("interpreters.runtime"),
  )!;
  const [rt] = (globalThis as unknown as Record<symbol, [{ supervisorPort: { postMessage(): void } }]>)[key];
  rt.supervisorPort.postMessage = () => {
    throw new Error("this goes by the supervisor");
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

/** Another `count` buffers, of `length` bytes of their index, under several views; and whether it got its argument. */
export function others(
  buffer: ArrayBuffer,
  count: number,
  length: number,
): { got: number; views: Uint8Array[]; again: ArrayBuffer[] } {
  const buffers = Array.from({ length: count }, (_, i) => new Uint8Array(length).fill(i).buffer);
  const views = buffers.map((each) => new Uint8Array(each));
  return returning({ got: buffer.byteLength, views, again: buffers }, ...buffers);
}

/** After `turns` of the event loop; so that tasks that run at once end in another order than they began. */
export async function later(buffer: ArrayBuffer, turns: number): Promise<ArrayBuffer> {
  for (let i = 0; i < turns; i++) await turn();
  return back(buffer);
}

/** Ends as soon as the result is on its way. */
export function lastWill(buffer: ArrayBuffer): ArrayBuffer {
  setImmediate(() => process.exit());
  return back(buffer);
}

/** What Node does not let go of. */
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
