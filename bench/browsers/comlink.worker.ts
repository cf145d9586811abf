import { expose } from "comlink/dist/esm/comlink.mjs";
import { same } from "./tasks.js";

expose({ same });
