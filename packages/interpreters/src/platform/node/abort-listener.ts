import { EventEmitter } from "node:events";

export const { addAbortListener } = EventEmitter;
