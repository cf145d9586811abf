/** Taking away from a thread what its interpreter may not do. */
export * from "./node/restrictions.js";
