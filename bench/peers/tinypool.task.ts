/** The task that imports tinypool in the worker. */

import pool from "tinypool";

export default (buffer: ArrayBuffer): unknown => pool.move(buffer);
