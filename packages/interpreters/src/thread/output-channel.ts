/**
 * Text on its way from an interpreter to the sinks of its creator (interpreter/output.ts): when `write` returns it is in the creator's queue, whatever
 * happens to the writer afterwards.
 *
 * Where broadcast channels keep that promise, text goes over one, and no text fills the shared memory. Elsewhere each text is a record in the creator's
 * reply box, in order with its replies and notices: Deno keeps 256 messages of a broadcast channel and gives them out on the event loop only, as Bun does and pages do.
 */
import { BroadcastChannel, takesBroadcastsAtOnce } from "../platform/broadcast.js";
import { nap } from "../memory/atomics.js";
import { S_REPLIES, STATUS_NO_MEMORY } from "../memory/layout.js";
import type { OutputChannel, OutputMessage } from "../wire/boot.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { OUTPUT_TEXT } from "../wire/protocol.js";
import { runtime } from "./current.js";

/** The most characters in one record. A text that is larger than the memory could never be sent. */
const MOST = 1 << 20;

/** Returns what sends text to the creator that has opened the channel. */
export function senderTo(channel: OutputChannel): (message: OutputMessage) => void {
  if (!takesBroadcastsAtOnce) return ([stream, text]) => sendInParts(channel, stream, text);
  const opened = new BroadcastChannel(channel.name);
  // This end only sends, so it must not keep the event loop alive.
  opened.unref();
  return (message) => opened.postMessage(message);
}

function sendInParts(channel: OutputChannel, stream: OutputMessage[0], text: string): void {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = endOfPart(text, start);
    sendRecord(channel, [stream, text.slice(start, end)]);
  }
}

/** No character is split. */
function endOfPart(text: string, start: number): number {
  const end = start + MOST;
  if (end >= text.length) return text.length;
  return (text.codePointAt(end - 1) as number) > 0xffff ? end + 1 : end;
}

function sendRecord({ slot, id, number }: OutputChannel, message: OutputMessage): void {
  const rt = runtime();
  const record = Message.take(rt.m).header(0, OUTPUT_TEXT, number).value(message, "output");
  // Full memory is like a full pipe: the writer waits for the reader. If the reader is gone, so is the text.
  while (record.intoMailbox(slot, S_REPLIES, id, rt.id, WITHOUT_SENDER) === STATUS_NO_MEMORY) nap(1);
  record.discard();
}
