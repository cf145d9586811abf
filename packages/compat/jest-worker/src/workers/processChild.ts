/** The program of a child process: takes the farm's messages. */
import {
  CHILD_MESSAGE_CALL,
  CHILD_MESSAGE_CALL_SETUP,
  CHILD_MESSAGE_END,
  CHILD_MESSAGE_INITIALIZE,
  CHILD_MESSAGE_MEM_USAGE,
  type ChildMessage,
  PARENT_MESSAGE_CLIENT_ERROR,
  PARENT_MESSAGE_MEM_USAGE,
  PARENT_MESSAGE_OK,
  PARENT_MESSAGE_SETUP_ERROR,
  type ParentMessage,
} from "../types";
import { packMessage } from "./safeMessageTransferring";
import { ChildModule, isPromise, SetupError, thrownBy, typeOf } from "./threadChild";

let child = new ChildModule("", []);

function send(message: ParentMessage): void {
  if (process.send === undefined) throw new Error("Child can only be used on a forked process");
  process.send(message);
}

function reportSuccess(result: unknown): void {
  if (process.send === undefined) throw new Error("Child can only be used on a forked process");
  try {
    process.send([PARENT_MESSAGE_OK, result]);
  } catch {
    // It cannot be serialized as it is.
    process.send([PARENT_MESSAGE_OK, packMessage(result)]);
  }
}

function reportError(error: unknown): void {
  const setup = error instanceof SetupError;
  const thrown = thrownBy(setup ? error.error : error) as Error;
  send([
    setup ? PARENT_MESSAGE_SETUP_ERROR : PARENT_MESSAGE_CLIENT_ERROR,
    typeOf(thrown)!,
    thrown.message,
    thrown.stack!,
    typeof thrown === "object" ? { ...(thrown as object) } : thrown,
  ]);
}

/** Runs `work`, and reports its outcome: at once if it is not a promise. */
function perform(work: () => unknown): void {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    reportError(error);
    return;
  }
  if (isPromise(result)) result.then(reportSuccess, reportError);
  else reportSuccess(result);
}

/** After the `teardown`, nothing of this package keeps the process alive. */
function end(): void {
  const exit = (): void => void process.removeListener("message", take);
  let result: unknown;
  try {
    result = child.teardown();
  } catch {
    // The worker ends all the same.
  }
  if (isPromise(result)) result.then(exit, exit);
  else exit();
}

/** @throws TypeError the message is unknown, which ends the process */
function take(message: unknown): void {
  const request = message as ChildMessage;
  switch (request[0]) {
    case CHILD_MESSAGE_INITIALIZE:
      child = new ChildModule(request[2], request[3]);
      break;
    case CHILD_MESSAGE_CALL: {
      const [, , method, args] = request;
      perform(() => child.call(method, args));
      break;
    }
    case CHILD_MESSAGE_CALL_SETUP:
      perform(() => child.setup());
      break;
    case CHILD_MESSAGE_MEM_USAGE:
      send([PARENT_MESSAGE_MEM_USAGE, process.memoryUsage().heapUsed]);
      break;
    case CHILD_MESSAGE_END:
      end();
      break;
    default:
      throw new TypeError(`Unexpected request from parent process: ${String((request as unknown[])[0])}`);
  }
}

process.on("message", take);
