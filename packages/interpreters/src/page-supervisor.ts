/** The entry of the supervisor's thread. */
import { holdLock } from "./platform/browser/threads.js";
import "./supervisor/main.js";

holdLock(() => {});
