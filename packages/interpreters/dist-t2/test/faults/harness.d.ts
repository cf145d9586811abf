import { type Interpreter } from "../../src/index.js";
import { type Chance } from "../support/queues.js";
import type { Fuse } from "./victims.js";
/** FAULTS_ROUNDS=n runs n times as many rounds; FAULTS_SEED=n begins with that seed. */
export declare const FACTOR: number;
export declare const SEED: number;
/** A test's own time limit, which turns a hang into a failure. */
export declare const limits: {
    timeout: number;
};
export declare const limitsOfVictims: {
    resourceLimits: {
        maxOldGenerationSizeMb: number;
        maxYoungGenerationSizeMb: number;
    };
};
export interface Victim {
    readonly interp: Interpreter;
    /** The end of what it was doing; it must end, and by nothing but its death. */
    readonly end: Promise<void>;
    readonly fuse: Fuse;
    readonly controller: AbortController;
}
export declare const kills: {
    terminate: number;
    abort: number;
    timeout: number;
    exit: number;
    throw: number;
    memory: number;
};
/** Some blow themselves up, the others are killed from outside. */
export declare function fuseFrom(chance: Chance, steps: number): Fuse;
/** Starts work in a victim. `start` is given the options of the call. */
export declare function victim(chance: Chance, interp: Interpreter, fuse: Fuse, start: (with_: ReturnType<Interpreter["with"]>) => Promise<unknown>): Victim;
/** Kills it now, unless that is done already, and waits until its work has ended and it is gone. */
export declare function kill(chance: Chance, { interp, end, fuse, controller }: Victim): Promise<void>;
/** Lets some turns of the event loop go by. */
export declare function turns(n: number): Promise<void>;
/** Says which seed it was. */
export declare function seeded(seed: number, round: () => Promise<void>): Promise<void>;
//# sourceMappingURL=harness.d.ts.map