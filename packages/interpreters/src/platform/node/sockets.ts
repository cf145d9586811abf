export { createServer, type Server, type Socket } from "node:net";
export { tmpdir } from "node:os";
