/** The clock that durations are measured with. */
export { clock } from "../platform/clock.js";
