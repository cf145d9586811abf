import { run } from "./program.js";

void run(new URL("./task.js", import.meta.url));
