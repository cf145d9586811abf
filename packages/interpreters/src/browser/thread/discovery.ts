/**
 * No thread looks for a runtime: a page, and a worker that this package did not start, make one of their own. (A worker inherits nothing, and a
 * thread that blocks gets no messages.)
 */
import type { Discovery, Host } from "../../thread/discovery.js";

export type { Host } from "../../thread/discovery.js";

export function leaveDiscovery(_memory: unknown): void {}

export const inheritedDiscovery = (): Discovery | undefined => undefined;

export const discover = (): Discovery | undefined => undefined;

export function installHost(_host: Host): void {}

export function answerRequests(_host: Host): void {}

export function sendRecord(): void {}

export function sendFailure(): void {}

export function requestSupervisor(): void {}
