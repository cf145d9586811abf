export { default as vm } from "node:vm";
