import { PARENT_MESSAGE_CUSTOM } from "../types";
import { packMessage } from "./safeMessageTransferring";
import { threadHook } from "./threadChild";

/**
 * In a worker: sends a message to the `UNSTABLE_onCustomMessage` listeners of the call that runs.
 *
 * @throws TypeError this is not a worker
 */
export default function messageParent(message: unknown, parentProcess: NodeJS.Process = process): void {
  const hook = threadHook();
  if (hook !== undefined) {
    hook.message(message);
  } else if (typeof parentProcess.send === "function") {
    try {
      parentProcess.send([PARENT_MESSAGE_CUSTOM, message]);
    } catch {
      // It cannot be serialized as it is.
      parentProcess.send([PARENT_MESSAGE_CUSTOM, packMessage(message)]);
    }
  } else {
    throw new TypeError('"messageParent" can only be used inside a worker');
  }
}
