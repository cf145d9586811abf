/** The worker file that synckit asks for: one function, which is told what to run. */

import { runAsWorker } from "synckit";
import { type TaskName, tasks } from "./tasks.js";

runAsWorker((name: TaskName, value: unknown) => tasks[name](value));
