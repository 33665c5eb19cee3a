export { NoticeBoard } from "./notice-board.ts";
export { ViewerDirectory } from "./viewer-directory.ts";
export { type ViewerListener, ViewerSession } from "./viewer-session.ts";
