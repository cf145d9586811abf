/** What work has begun and not awaited ends when its interpreter closes: a worker cannot tell what that is. One more turn for what is due. */
import { setImmediate } from "../../platform/timers.js";

export const finishIo = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
