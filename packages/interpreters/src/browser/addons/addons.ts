/** A page has no native addons. */
export type { Addon, AddonKind, AddonRefusal } from "../../addons/addons.js";
import type { Addon } from "../../addons/addons.js";

export const addons = (): Addon[] => [];

export function configureAddons(_config: object): void {}
