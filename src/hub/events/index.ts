export { EventBoard } from "./event-board.ts";
