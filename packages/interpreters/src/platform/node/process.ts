import nodeProcess from "node:process";

// Typed here: a declaration with the default import would not compile in projects without `esModuleInterop`.
export const process: NodeJS.Process = nodeProcess;
