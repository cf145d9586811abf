/**
 * The socket of `interpreters top`: lines of JSON both ways.
 *
 *     { "get": "snapshot" }  ▶  ◀  { … }                 (inspection.ts)
 *     { "terminate": 3 }     ▶  ◀  { "terminated": true }
 */
import { rmSync } from "../platform/files.js";
import { createServer, type Socket } from "../platform/sockets.js";
import type { Inspection } from "./inspection.js";
import { reportProblem } from "./problem.js";

/** Characters of a line, at most: no request is longer. */
const LONGEST_LINE = 1_000;
/** A client that does not read gets no more answers until it has read these bytes. */
const MOST_UNREAD = 16 << 20;

export function serve(file: string, inspection: Inspection): void {
  try {
    // A process that had this one's id may have left it behind.
    rmSync(file, { force: true });
  } catch (error) {
    report(error as Error);
    return;
  }
  const server = createServer((socket) => attend(socket, inspection));
  server.on("error", report);
  // The folder is this user's alone; so is the socket.
  server.listen({ path: file, readableAll: false, writableAll: false });
  server.unref();
}

function report({ message }: Error): void {
  reportProblem(`this process cannot be inspected: ${message}`);
}

function attend(socket: Socket, inspection: Inspection): void {
  inspection.watchers++;
  let rest = "";
  socket.setEncoding("utf8");
  socket.unref();
  socket.on("data", (text) => {
    const lines = (rest + String(text)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE) socket.destroy();
    for (const line of lines) {
      if (socket.writableLength < MOST_UNREAD) socket.write(`${JSON.stringify(answer(line, inspection))}\n`);
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => inspection.watchers--);
}

function answer(line: string, inspection: Inspection): object {
  try {
    const request = JSON.parse(line) as { get?: unknown; terminate?: unknown };
    if (request.get === "snapshot") return inspection.snapshot();
    if (typeof request.terminate === "number") return { terminated: inspection.terminate(request.terminate) };
    return { error: "unknown request" };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
