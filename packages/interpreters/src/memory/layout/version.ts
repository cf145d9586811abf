/** The version of the bytes. */
import copies from "../../base/copies.cjs";

/** The version of these bytes and of their meaning. */
export const { PROTOCOL } = copies;
