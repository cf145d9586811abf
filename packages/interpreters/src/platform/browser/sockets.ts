/** Pages listen on no sockets. */
function none(): never {
  throw new Error("pages listen on no sockets");
}

export type { Server, Socket } from "../node/sockets.js";
export const createServer = none;
export const tmpdir = none;
