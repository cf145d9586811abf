/** What needs something of piscina's in the worker. */

import { move } from "piscina";

export default (buffer: ArrayBuffer): unknown => move(buffer);
