/** The fastest ways to write bytes that the runtime has. */
export * from "./node/raw-bytes.js";
