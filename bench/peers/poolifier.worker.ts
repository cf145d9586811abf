/** The worker file that poolifier asks for. */

import { ThreadWorker } from "poolifier";
import { work } from "./work.js";

export default new ThreadWorker<number, number>((iterations) => work(iterations ?? 0));
