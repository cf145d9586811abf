/** The script of a worker of type "process" that only runs functions. */
import { processWorker } from "./in-process";

processWorker();
