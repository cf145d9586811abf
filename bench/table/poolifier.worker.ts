/** The worker file that poolifier requires. */

import { ThreadWorker } from "poolifier";
import { tasks } from "./tasks.js";

export default new ThreadWorker<unknown, unknown>(tasks);
