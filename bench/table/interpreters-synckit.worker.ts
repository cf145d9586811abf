/** The worker file that our adapter for synckit requires: one function, which takes the name of the task. */

import { runAsWorker } from "@interpreters/synckit";
import { type TaskName, tasks } from "./tasks.js";

runAsWorker((name: TaskName, value: unknown) => tasks[name](value));
