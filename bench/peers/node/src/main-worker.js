import { handler } from "./worker.js";
import { run } from "./runtime.js";

// Whoever made this process ends it: a connection that is cut then is no error.
await run(handler).catch(() => process.exit(1));
