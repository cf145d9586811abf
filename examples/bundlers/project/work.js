import { getCurrent } from "interpreters";
import { factor } from "./factor.js";

export const double = (n) => n * (getCurrent().id > 0 ? factor : NaN);
