import { afterEach, expect, it } from "vitest";
import { TunnelPage } from "../support/tunnel-page.ts";
import { TurnServer } from "../support/turn-server.ts";

let tunnel: TunnelPage;
let turn: TurnServer;

afterEach(async () => {
  await tunnel.close();
  await turn.close();
});

async function open(password?: string): Promise<string> {
  turn = await TurnServer.start();
  const machines = "machines: [{ name: Office desk, via: vnc, host: 127.0.0.1, port: 1 }]";
  tunnel = await TunnelPage.start(
    { targets: "127.0.0.1:*", machines },
    { hub: { iceServers: [turn.address(password)] } },
  );
  await tunnel.open("?tunnel=turn");
  const dialog = await tunnel.openDialog();
  // What the agent offers comes through the tube.
  await dialog.getByRole("button", { name: /Office desk/ }).waitFor();
  return (await dialog.textContent()) ?? "";
}

it("a page that may use nothing but TURN reaches the agent through a real TURN server", async () => {
  expect(await open()).toContain("Connected directly by WebRTC");
  expect(turn.output).toContain("CREATE_PERMISSION processed, success");
});

it("a page whose TURN server refuses says so, and uses the WebSocket", async () => {
  const text = await open("wrong");
  expect(text).toContain("Connected through the hub by WebSocket, for want of UDP");
  expect(text).toContain(`the TURN server 127.0.0.1:${turn.port} gave no address`);
  expect(text).not.toContain("wrong");
});
