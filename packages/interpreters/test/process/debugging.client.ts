/**
 * A debugger: starts a program under `node --inspect-brk`, attaches to it as Chrome and VS Code do, through the WebSocket and the
 * domain NodeWorker, and stops in threads of the program. It prints what it saw as JSON.
 *
 *     node --experimental-websocket debugging.client.js HOLD program.js FILE:LINE:EXPRESSION…
 *
 * Each breakpoint is a line, from 1, in a file whose URL ends in FILE. Where a thread stops there, the debugger evaluates the
 * expression in the frame. It lets threads go on when HOLD stops were made.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** The part of the global of Node 22 that this needs, which the types of Node 20 do not have. */
interface Socket {
  addEventListener(type: "open" | "message", listener: (event: { data: string }) => void): void;
  send(text: string): void;
  close(): void;
}
declare const WebSocket: new (url: string) => Socket;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params: Record<string, unknown>;
  readonly result?: { readonly breakpointId?: string; readonly result?: { readonly value: unknown } };
}

export interface Stop {
  /** The title of the thread, as debuggers show it. */
  readonly thread: string;
  readonly file: string;
  readonly line: number;
  readonly value: unknown;
}

export interface Report {
  /** The titles of all threads that the debugger was offered. */
  readonly threads: readonly string[];
  readonly stops: readonly Stop[];
  readonly stdout: string;
  readonly code: number | null;
}

const [hold, program, ...rest] = process.argv.slice(2);
const breakpoints = rest.map((each) => {
  const [file, line, expression] = each.split(":");
  return { file, line: Number(line), expression };
});

const child = spawn(process.execPath, ["--inspect-brk=0", program], { stdio: ["ignore", "pipe", "pipe"] });
const output = text(child.stdout);
const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
const address = await new Promise<string>((resolve) => {
  createInterface(child.stderr).on("line", (line) => {
    const [, url] = /^Debugger listening on (ws:.*)$/.exec(line) ?? [];
    if (url !== undefined) resolve(url);
    // The program waits with its end for a debugger that is attached.
    if (line.startsWith("Waiting for the debugger to disconnect")) socket.close();
  });
});

const threads: string[] = [];
const stops: Stop[] = [];
/** The sessions of the threads that stand at a breakpoint. */
const held: (string | undefined)[] = [];
/** By the session of a thread. */
const titles = new Map<string, string>();
/** The breakpoints by their ids, which all threads give alike. */
const set = new Map<string, (typeof breakpoints)[number]>();
const replies = new Map<number, (message: Message) => void>();
let last = 0;

/** Sends a command to the main thread, or to a session of another thread. Resolves to the reply. */
function send(session: string | undefined, method: string, params: object = {}): Promise<Message> {
  const id = ++last;
  const message = JSON.stringify({ id, method, params });
  if (session === undefined) socket.send(message);
  else void send(undefined, "NodeWorker.sendMessageToWorker", { sessionId: session, message });
  return new Promise((resolve) => replies.set(id, resolve));
}

function receive(message: Message, thread: string, session?: string): void {
  if (message.id !== undefined) {
    replies.get(message.id)?.(message);
    replies.delete(message.id);
  } else if (message.method === "NodeWorker.attachedToWorker") {
    const { title } = message.params["workerInfo"] as { title: string };
    threads.push(title);
    titles.set(message.params["sessionId"] as string, title);
    void attach(message.params["sessionId"] as string);
  } else if (message.method === "NodeWorker.receivedMessageFromWorker") {
    const { sessionId, message: inner } = message.params as { sessionId: string; message: string };
    receive(JSON.parse(inner) as Message, titles.get(sessionId)!, sessionId);
  } else if (message.method === "Debugger.paused") {
    void stopped(message.params, thread, session);
  }
}

async function attach(session: string): Promise<void> {
  await send(session, "Debugger.enable");
  for (const breakpoint of breakpoints) {
    const urlRegex = `${breakpoint.file.replaceAll(".", "\\.")}$`;
    const { result } = await send(session, "Debugger.setBreakpointByUrl", {
      urlRegex,
      lineNumber: breakpoint.line - 1,
    });
    set.set(result!.breakpointId!, breakpoint);
  }
  await send(session, "Runtime.runIfWaitingForDebugger");
}

async function stopped(params: Message["params"], thread: string, session?: string): Promise<void> {
  const [{ callFrameId, location }] = params["callFrames"] as {
    callFrameId: string;
    location: { lineNumber: number };
  }[];
  // With --inspect-brk each thread also stops at its start.
  const hit = (params["hitBreakpoints"] as string[]).find((id) => set.has(id));
  if (hit !== undefined) {
    const at = set.get(hit)!;
    const reply = await send(session, "Debugger.evaluateOnCallFrame", {
      callFrameId,
      expression: at.expression,
    });
    const line = location.lineNumber + 1;
    stops.push({ thread, file: at.file, line, value: reply.result?.result?.value });
    held.push(session);
    if (stops.length < Number(hold)) return;
  }
  for (const each of hit === undefined ? [session] : held.splice(0)) await send(each, "Debugger.resume");
}

const socket = new WebSocket(address);
socket.addEventListener("message", ({ data }) => receive(JSON.parse(data) as Message, "main"));
await new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
await send(undefined, "NodeWorker.enable", { waitForDebuggerOnStart: true });
await send(undefined, "Debugger.enable");
await send(undefined, "Runtime.runIfWaitingForDebugger");

const report: Report = { threads, code: await exit, stops, stdout: await output };
console.log(JSON.stringify(report));
