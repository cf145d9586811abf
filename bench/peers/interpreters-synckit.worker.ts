/** The worker file that the adapter for synckit requires. */

import { runAsWorker } from "@interpreters/synckit";
import { work } from "./work.js";

runAsWorker(work);
