/** The worker file that workerpool requires. */

import workerpool from "workerpool";
import { work } from "./work.js";

workerpool.worker({ work });
