/** The worker file that workerpool asks for. */

import workerpool from "workerpool";
import { work } from "./work.js";

workerpool.worker({ work });
