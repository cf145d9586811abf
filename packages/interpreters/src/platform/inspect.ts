/** Values as text for messages, as the runtime's console shows them. */
export * from "./node/inspect.js";
