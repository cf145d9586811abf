/** No page can see them. */
export const ownOsThread = (): number => 0;

export const isOsThread = (_id: number): boolean => true;
