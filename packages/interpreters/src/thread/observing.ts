/**
 * The observer of this thread, if it has one: a trace, or `interpreters top`. Their code is no part of the bundle that every thread runs: it is
 * loaded when the process is observed (H_OBSERVED). tracer.ts has the hooks that the rest of the package calls.
 */
import { loadBundle } from "../platform/modules.js";
import { load } from "../memory/atomics.js";
import { H_OBSERVED } from "../memory/layout.js";
import { fetchCode } from "../wire/code.js";
import { headerWord } from "../wire/message.js";
import type { Runtime } from "./runtime.js";

/** What that code uses of the thread's own bundle, so as not to bring it again. */
export interface Tools {
  readonly fetchCode: typeof fetchCode;
  readonly headerWord: typeof headerWord;
}

/** The bundle with the code for observed threads (observe/thread.ts). */
export interface ThreadObserver {
  observe(rt: Runtime, tools: Tools): void;
}

/** Has this thread observed, if the process is. May be called again: what observes the process can come later, or become more. */
export function observeThread(rt: Runtime): void {
  const by = load(rt.m, H_OBSERVED);
  if (by === rt.observedBy) return;
  rt.observedBy = by;
  (loadBundle("observe.cjs") as ThreadObserver).observe(rt, { fetchCode, headerWord });
}
