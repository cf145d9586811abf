export const greeting = (name) => `Hello, ${name}!`;

export const square = (n) => n * n;
