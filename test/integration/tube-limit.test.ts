import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type DiallerStatus, TubeDialler } from "../../dist/tube/core/index.js";
import { HubOperator, operatorPorts } from "../../dist/tube/node/index.js";
import { MAX_TUBES } from "../../dist/tube/node/tube-host.js";
import { nextValue, pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { TunnelAgent } from "../support/tunnel-agent.ts";

const isIn = (state: DiallerStatus["state"]) => (status: DiallerStatus) => status.state === state;

test("an agent takes 32 tubes; one more is told when to try again, and comes in when another has gone", async () => {
  const hub = await startTestHub();
  const agent = await TunnelAgent.start(hub);
  const address = { hub: hub.url, token: TOKEN };
  const operator = new HubOperator(address);
  const connected = nextValue(operator.onConnected);
  operator.start();
  await connected;
  const diallers: TubeDialler[] = [];
  /** Begins to connect; resolves with the first status of this kind. */
  const dial = (state: DiallerStatus["state"]): Promise<DiallerStatus> => {
    const dialler = new TubeDialler({
      ...{ ports: operatorPorts(operator, "desk", address), transport: "websocket", random: Math.random },
      newSession: () => randomBytes(16),
      listener: { open: (connection) => connection.close() },
    });
    diallers.push(dialler);
    const reached = nextValue(dialler.onStatus, isIn(state));
    dialler.start();
    return reached;
  };
  try {
    for (let count = 0; count < MAX_TUBES; count += 1) await dial("live");
    expect(agent.host.figures).toMatchObject({ tubes: MAX_TUBES, attempts: 0 });
    expect((await dial("waiting")).text).toMatch(
      /The agent has 32 tubes: try again in 5 seconds\. Next attempt in 5\.0 s/,
    );
    expect(agent.host.figures).toMatchObject({ tubes: MAX_TUBES, attempts: 0 });
    expect(diallers.slice(0, MAX_TUBES).every(({ channel }) => channel.state === "live")).toBe(true);
    const late = diallers[MAX_TUBES] as TubeDialler;
    diallers[0]?.close();
    while (agent.host.figures.tubes === MAX_TUBES) await pause(10);
    const live = nextValue(late.onStatus, isIn("live"));
    late.start();
    await live;
    expect(agent.host.figures).toMatchObject({ tubes: MAX_TUBES, attempts: 0 });
  } finally {
    for (const dialler of diallers) dialler.close();
    operator.close();
    agent.close();
    await hub.close();
  }
});
