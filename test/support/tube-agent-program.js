// An agent without a screen: everything that `sightline agent` does about tubes, so that tests need no display.
// Arguments: hub URL, agent token, name, JSON of { targets, listens, audit, timings }. A line on standard input asks for
// a line of figures on standard output.
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { connectWebSocketLink } from "../../dist/node/index.js";
import { PROTOCOL_VERSION, parseAgentCommand } from "../../dist/protocol/index.js";
import { openAuditLog, TargetRules, TubeHost } from "../../dist/tube/node/index.js";

const RETRY_MS = 300;

const [hub = "", token = "", name = "", json = "{}"] = process.argv.slice(2);
const { targets, listens, audit, timings } = JSON.parse(json);
const host = new TubeHost({
  targets: new TargetRules(targets),
  listens: new TargetRules(listens),
  audit: openAuditLog(audit),
  log: pino({ level: "silent" }),
  relay: { hub },
  timings,
});

createInterface({ input: process.stdin }).on("line", () => {
  const fds = readdirSync("/proc/self/fd").length;
  const figures = { ...host.figures, rssBytes: process.memoryUsage.rss(), fds };
  console.log(JSON.stringify(figures));
});
void serve();

async function serve() {
  try {
    const url = `${hub.replace(/^http/, "ws")}/api/agent`;
    const link = await connectWebSocketLink(url, { bearerToken: token, keepAliveMs: 1000 });
    link.onMessage((message) => receive(link, message));
    link.onClose(() => {
      host.linkEnded();
      setTimeout(() => void serve(), RETRY_MS);
    });
    link.send(JSON.stringify({ type: "hello", protocol: PROTOCOL_VERSION, name, version: "test" }));
  } catch {
    setTimeout(() => void serve(), RETRY_MS);
  }
}

function receive(link, message) {
  const command = parseAgentCommand(message);
  if (command.type === "welcome") {
    link.send(JSON.stringify({ type: "sources", sources: [] }));
    console.log("ready");
  } else if (command.type === "ping") {
    link.send(JSON.stringify({ type: "pong", timeUs: command.timeUs, agentUs: 0 }));
  } else if (command.type === "tube") {
    const { viewer, tube } = command;
    host.receive(command, (signal) => link.send(JSON.stringify({ type: "tube", viewer, tube, signal })));
  }
}
