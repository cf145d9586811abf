/** The worker file of workerpool, for our adapter. */

import workerpool from "@interpreters/workerpool";
import { work } from "./work.js";

workerpool.worker({ work });
