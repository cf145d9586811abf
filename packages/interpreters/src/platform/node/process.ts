import process from "node:process";

export { process };
