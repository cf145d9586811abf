/** Class tests by internal slots, on all runtimes that run the portable build. */
import { types as typesOfNode } from "../node/brand-checks.js";
import { onDeno } from "./runtime.js";

/** Deno has no objects of native code, and no test for them. */
export const types: typeof typesOfNode = onDeno ? { ...typesOfNode, isExternal: () => false } : typesOfNode;
