/** Nothing observes a page. */
import type { Runtime } from "../../thread/runtime.js";

export function observeThread(_rt: Runtime): void {}
