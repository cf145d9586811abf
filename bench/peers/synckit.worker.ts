/** The worker file that synckit requires. */

import { runAsWorker } from "synckit";
import { work } from "./work.js";

runAsWorker(work);
