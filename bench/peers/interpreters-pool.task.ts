/** The task that imports the package in the worker. */

import { move } from "interpreters";

export const giveBack = (buffer: ArrayBuffer): ArrayBuffer => move(buffer);
