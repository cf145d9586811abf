import { testFiles } from "./test-files.js";

await testFiles("test_api");
