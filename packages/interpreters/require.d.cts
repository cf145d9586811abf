/** The types of `require("interpreters")`: the same as of `import`. */
export * from "./dist/src/index.js";
