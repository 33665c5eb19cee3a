export { RungTable } from "./rung-table.ts";
