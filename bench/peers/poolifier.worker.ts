/** The worker file that poolifier requires. */

import { ThreadWorker } from "poolifier";
import { type Task, work } from "./work.js";

export default new ThreadWorker<Task, Task>((task) => work(task ?? 0));
