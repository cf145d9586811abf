/** Message ports: two-way channels between threads that carry what shared memory cannot. */
export * from "./node/ports.js";
