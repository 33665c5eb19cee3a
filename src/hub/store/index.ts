export { IN_MEMORY, openStore, type Store } from "./store.ts";
