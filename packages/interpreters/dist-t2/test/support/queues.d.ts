import { type Interpreter, type Queue } from "../../src/index.js";
export declare const gc: () => void;
/** How many interpreters are on the queue's list of waiters. */
export declare function getters<T, M>(queue: Queue<T, M>): number;
export declare function putters<T, M>(queue: Queue<T, M>): number;
/** The interpreters that `create` made. */
export declare function created(): Interpreter[];
/** Their ids, without becoming a holder of them. */
export declare function createdIds(): number[];
/** A generator of numbers in [0, 1) that is the same for the same seed (mulberry32). */
export declare class Chance {
    #private;
    constructor(seed: number);
    next(): number;
    /** 0 … n - 1. */
    below(n: number): number;
    pick<T>(from: readonly T[]): T;
}
export interface Pages {
    /** Runs that everybody owns and no channel uses. */
    readonly leaked: string[];
    /** Pages owned by each slot that owns any. */
    readonly bySlot: Map<number, number>;
}
/**
 * Accounts for every page of the shared memory. To be called when nobody else is at work: words are read without their
 * locks. Throws where the page table contradicts itself.
 */
export declare function accountPages(): Pages;
/** The queues that there are, hidden ones (of pools) too, and what keeps each. */
export declare function describeQueues(): string[];
export declare function countQueues(): number;
export interface Baseline {
    readonly queues: number;
    readonly mine: number;
}
/** What is in use when only the main interpreter is left. */
export declare function baseline(): Promise<Baseline>;
/**
 * Everything that was made since is gone, to the last page. `tolerated`: so many queues may be left that are closed and
 * held by nobody, because a death left the number of items that carry them too high.
 */
export declare function backTo(before: Baseline, tolerated?: number): Promise<void>;
//# sourceMappingURL=queues.d.ts.map