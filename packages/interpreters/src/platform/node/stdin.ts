import fs from "node:fs";
import type * as Stream from "node:stream";

export type { Readable } from "node:stream";

/** Has `process.stdin` of this thread be what `open` returns when it is first asked for. Does nothing where there is no `process.stdin`. */
export function replaceStdin(open: () => Stream.Readable): void {
  if (Object.getOwnPropertyDescriptor(process, "stdin")?.configurable !== true) return;
  let stream: Stream.Readable | undefined;
  const get = (): Stream.Readable => (stream ??= open());
  Object.defineProperty(process, "stdin", { get, configurable: true, enumerable: true });
}

/** A stream that asks `read` for each chunk, and calls `stop` when it is destroyed. */
export function makeReadable(read: (stream: Stream.Readable) => void, stop?: () => void): Stream.Readable {
  const { Readable } = process.getBuiltinModule("node:stream");
  return new Readable({
    read() {
      read(this);
    },
    destroy(error, done) {
      stop?.();
      done(error);
    },
  });
}

/** A stream of what the descriptor 0 of the process has; an empty one where that is closed. */
export function openStdin(): Stream.Readable {
  const tty = process.getBuiltinModule("node:tty");
  const fd = 0;
  if (tty.isatty(fd)) return new tty.ReadStream(fd);
  let kind: fs.Stats;
  try {
    kind = fs.fstatSync(fd);
  } catch {
    return makeReadable((stream) => stream.push(null));
  }
  // libuv leaves the standard descriptors open when it closes a handle, a file's stream does not.
  if (!kind.isFIFO() && !kind.isSocket()) return fs.createReadStream("", { fd, autoClose: false });
  const { Socket } = process.getBuiltinModule("node:net");
  // Without `manualStart` it would take input before any is asked for: an import of node:process looks at all of its properties.
  const options = { fd, readable: true, writable: false, manualStart: true };
  return Object.assign(new Socket(options), { fd });
}
