export { Agent, type AgentOptions, startAgent, type TubeHandler } from "./agent.ts";
