/** Pages have no standard input; `create` refuses the option. */
export type { GivenInput, InputReply } from "../../worker/input.js";

export function installStdin(): void {}

export function giveStdin(): void {}
