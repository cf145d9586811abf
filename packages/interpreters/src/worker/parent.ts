/** What `create` gives an interpreter before its first work: a parent, for code written for a worker thread (interpreter/parent.ts), and its input. */
import { type GivenInput, giveStdin } from "./input.js";
import { setEnvironmentData } from "../platform/inherited-data.js";
import type { MessagePort } from "../platform/ports.js";
import { showParent } from "../platform/threads.js";
import type { Runtime } from "../thread/runtime.js";
import { readBody } from "../wire/message.js";
import { SETUP_PARENT } from "../wire/protocol.js";

/** The value of the record that has it. */
export interface ParentSetup {
  readonly workerData: unknown;
  readonly parentPort: MessagePort | null;
  readonly environmentData: readonly (readonly [key: unknown, value: unknown])[];
  readonly stdin: GivenInput | null;
}

/** The record is in the mailbox before the thread starts, or before a standby thread gets its slot, so it comes before any work. */
export function acceptParent(rt: Runtime): void {
  rt.handle(SETUP_PARENT, (received) => {
    const { environmentData, stdin, ...parent } = readBody(rt.m, received) as ParentSetup;
    for (const [key, value] of environmentData) setEnvironmentData(key as string, value as string);
    showParent(parent);
    if (stdin !== null) giveStdin(stdin);
  });
}
