/** The runtime's own serializer, for values that the codec does not know. */
export * from "./node/serialize.js";
