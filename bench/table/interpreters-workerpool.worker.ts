/** The worker file that workerpool requires. */

import workerpool from "@interpreters/workerpool";
import { tasks } from "./tasks.js";

workerpool.worker(tasks);
