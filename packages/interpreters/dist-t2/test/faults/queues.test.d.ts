export {};
//# sourceMappingURL=queues.test.d.ts.map