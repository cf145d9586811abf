/** What needs something of the package's in the worker. */

import { move } from "interpreters";

export const giveBack = (buffer: ArrayBuffer): ArrayBuffer => move(buffer);
