/**
 * In place of guests/javascript/guest.ts on the thread of a page, which executes no work of others. It runs callbacks, whose failures it describes.
 */
import { describeFailure } from "../../../guests/javascript/failure.js";
import type { ExecutingSide } from "../../../guests/language.js";

export const javascript = { describeFailure } as ExecutingSide;
