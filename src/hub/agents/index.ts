export { AgentDirectory } from "./agent-directory.ts";
export { type AgentListener, AgentSession } from "./agent-session.ts";
export { LocalAgents } from "./local-agents.ts";
