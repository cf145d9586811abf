/** The worker file that workerpool asks for. */

import workerpool from "workerpool";
import { tasks } from "./tasks.js";

workerpool.worker(tasks);
