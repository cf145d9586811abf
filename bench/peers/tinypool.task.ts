/** What needs something of tinypool's in the worker. */

import pool from "tinypool";

export default (buffer: ArrayBuffer): unknown => pool.move(buffer);
