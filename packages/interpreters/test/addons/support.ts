/** Helpers for the tests of addons. */
import assert from "node:assert/strict";
import { after } from "node:test";
import {
  type Addon,
  AddonImportError,
  addons,
  create,
  type CreateOptions,
  ExecutionFailed,
  fromModule,
  type Interpreter,
} from "interpreters";
import { limits as timeLimit, rejection } from "../support/ways.js";
import { skip } from "./fixtures.js";

export const limits = { ...timeLimit, skip };
export const loads = fromModule<typeof import("./loads.js")>(new URL("./loads.js", import.meta.url));

const made: Interpreter[] = [];
after(async () => {
  await Promise.all(made.map((interp) => interp.terminate().catch(() => {})));
});

/** Creates an interpreter that is terminated at the end of the test file. */
export function make(options: CreateOptions = {}): Interpreter {
  const interp = create(options);
  made.push(interp);
  return interp;
}

/** The entry of an addon in `addons()`. */
export function known(file: string): Addon | undefined {
  return addons().find((addon) => addon.file === file);
}

/** The error that a load in an interpreter ended with. */
export async function failure(promise: Promise<unknown>): Promise<AddonImportError> {
  const error = await rejection<ExecutionFailed>(promise);
  assert.ok(error instanceof ExecutionFailed, String(error));
  assert.ok(error.cause instanceof AddonImportError, String(error.cause));
  assert.equal(error.cause.code, "ERR_ADDON_IMPORT");
  return error.cause;
}
