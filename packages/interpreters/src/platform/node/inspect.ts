export { inspect, type InspectOptions } from "node:util";
