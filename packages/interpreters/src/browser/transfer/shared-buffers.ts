/** Objects that only the browser's own messages can carry are refused: a worker cannot receive one while it reads a value. */
export {};
