export { type Channel, channel } from "node:diagnostics_channel";
