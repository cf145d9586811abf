/** The task that imports piscina in the worker. */

import { move } from "piscina";

export default (buffer: ArrayBuffer): unknown => move(buffer);
