import { testFiles } from "./test-files.js";

await testFiles("test_queues", "test_channels", "test_lifecycle", "test_stress");
