import { config } from "zod";

// Imported before any schema: compiling them with `new Function` would break the page's content security policy.
config({ jitless: true });
