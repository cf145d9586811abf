export {};
//# sourceMappingURL=lifetime.d.ts.map