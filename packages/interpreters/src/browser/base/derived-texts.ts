/** A page erases no types. */
export const derivedTextsOfMain = (): SharedArrayBuffer | undefined => undefined;
