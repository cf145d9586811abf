/** Nothing observes a page. */
export const observeSupervisor = (): undefined => undefined;
