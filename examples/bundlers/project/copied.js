import { run } from "./program.js";

run(new URL("./task.js", import.meta.url));
