/** Nothing is handed over in a page: a worker cannot receive an object while it reads a value. Bytes are copied. */
import type { Received } from "../../kernel/receive.js";
import type { SharedMemory } from "../../memory/atomics.js";
import { readBody } from "../../wire/message.js";

/** Keeps what ends with a call. */
interface Callee {
  ends?: (() => void)[] | undefined;
}

export const SupervisorHandover = { of: (): undefined => undefined };

export const resultHandover = (): undefined => undefined;

/** The call whose arguments this thread is decoding. Decoding may run user code, which may decode another record. */
let reading: Callee | undefined;

/** Has `end` called when the work whose arguments this thread is decoding is done, before its reply is sent; at once if these are no arguments. */
export function endsWithWork(end: () => void): void {
  if (reading === undefined) end();
  else (reading.ends ??= []).push(end);
}

function readAs(by: typeof reading, m: SharedMemory, received: Received): unknown {
  const before = reading;
  reading = by;
  try {
    return readBody(m, received);
  } finally {
    reading = before;
  }
}

export const readResult = (m: SharedMemory, received: Received): unknown => readAs(undefined, m, received);

export const readCall = (m: SharedMemory, received: Received, callee: Callee): unknown =>
  readAs(callee, m, received);
