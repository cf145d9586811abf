/** The worker file that synckit asks for. */

import { runAsWorker } from "synckit";
import { work } from "./work.js";

runAsWorker(work);
