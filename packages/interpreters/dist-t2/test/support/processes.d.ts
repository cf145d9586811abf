import { type Future, InterpreterPoolExecutor, type Queue } from "../../src/index.js";
/** Only ever turns a hang into a failure. */
export declare const WATCHDOG = 60000;
/** A queue without surprises: what a worker that died had said is still heard. */
export declare function channel<T>(): Queue<T, never>;
/** Where tasks wait until the test lets them go on. Each that passes takes one permit. */
export declare class Gate {
    readonly queue: Queue<number, never>;
    open(permits?: number): void;
}
/** Waits until `condition` holds, turn by turn of the event loop. */
export declare function until(condition: () => boolean, what?: string): Promise<void>;
/** A pool with every worker executing a task that waits at the returned gate. */
export declare function busyPool(maxWorkers: number, options?: {
    retries?: number;
}): Promise<{
    pool: InterpreterPoolExecutor;
    gate: Gate;
    busy: Future<string>[];
}>;
/** The outcome of a promise as a value. */
export declare function outcome(promise: PromiseLike<unknown>): Promise<{
    value: unknown;
} | {
    error: unknown;
}>;
/** What a promise was rejected with; a promise that was not is a failure. */
export declare function rejection<E = Error>(promise: PromiseLike<unknown>): Promise<E>;
export interface Ended {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
    /** Milliseconds. */
    readonly elapsed: number;
}
export interface Running {
    readonly pid: number;
    readonly ended: Promise<Ended>;
    kill(signal: NodeJS.Signals): void;
    /** Resolves once that text was printed on stdout. */
    printed(text: string): Promise<void>;
}
/** Runs a program and collects what it prints. One that does not end is killed, which no test expects. */
export declare function start(file: string, args: readonly string[], options?: {
    cwd?: string;
    env?: Record<string, string>;
}): Running;
/** Runs one scenario of a compiled module in a Node process of its own. */
export declare function startScenario(module: URL, scenario: string, options?: {
    nodeArgs?: string[];
    env?: Record<string, string>;
}): Running;
/** A program that ended by itself, soon, and printed nothing but what it meant to. */
export declare function assertEnded(ended: Ended, expected: {
    code: number;
    stdout?: string;
}): void;
//# sourceMappingURL=processes.d.ts.map