/** No page can find it out. */
export const freeAddressSpace = (): number => Infinity;
