import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { TunnelPage } from "../support/tunnel-page.ts";
import { VncServer } from "../support/vnc-server.ts";

let tunnel: TunnelPage;
let open: VncServer;
let locked: VncServer;

beforeAll(async () => {
  open = await VncServer.start();
  locked = await VncServer.start({ password: "s3cret12" });
  tunnel = await TunnelPage.start({
    targets: "127.0.0.1:*",
    machines: `machines: [{ name: Office desk, via: vnc, host: 127.0.0.1, port: ${open.port} }]`,
  });
});
afterAll(async () => {
  await tunnel.close();
  await open.close();
  await locked.close();
});
beforeEach(() => {
  tunnel.chromium.errors.length = 0;
});

/** R, G, B in the middle of what noVNC shows. */
function middle(): Promise<number[]> {
  return tunnel.page.locator("sightline-tunnels canvas").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
      canvas.width / 2,
      canvas.height / 2,
      1,
      1,
    );
    return [...data.slice(0, 3)];
  });
}

it.each(["webrtc", "websocket"])("shows a real TigerVNC's screen over %s", async (transport) => {
  await open.run("xsetroot", ["-solid", "#c81e5a"]);
  await tunnel.open(`?tunnel=${transport}`);
  const dialog = await tunnel.openDialog();
  await dialog.getByText(transport === "webrtc" ? /directly by WebRTC/ : /through the hub by WebSocket/).waitFor();
  await dialog.getByRole("button", { name: /Office desk/ }).click();
  await tunnel.status.getByText("test desktop").waitFor();
  await expect.poll(middle).toEqual([0xc8, 0x1e, 0x5a]);
  await open.run("xsetroot", ["-solid", "#1e5ac8"]);
  await expect.poll(middle).toEqual([0x1e, 0x5a, 0xc8]);
  expect(tunnel.chromium.errors).toEqual([]);
});

it("gives the remote desktop the pane's size, and follows the window", async () => {
  const page = await tunnel.open();
  await tunnel.connect("VNC", { Address: "127.0.0.1", Port: `${open.port}` });
  const paneSize = (): Promise<string> =>
    page
      .locator("sightline-tunnels .pane")
      .evaluate(({ clientWidth, clientHeight }) => `${clientWidth}x${clientHeight}`);
  await tunnel.status.getByText("test desktop").waitFor();
  await expect.poll(() => open.size(), { timeout: 10_000 }).toBe(await paneSize());
  await page.setViewportSize({ width: 1000, height: 640 });
  await expect.poll(() => open.size(), { timeout: 10_000 }).toBe(await paneSize());
  await page.setViewportSize({ width: 1280, height: 800 });
});

it("types on the remote machine, and carries the clipboard both ways, emoji included", async () => {
  const page = await tunnel.open();
  await tunnel.connect("VNC", { Address: "127.0.0.1", Port: `${open.port}` });
  await tunnel.status.getByText("test desktop").waitFor();
  const copier = open.spawn("xclip", ["-selection", "clipboard", "-quiet", "-i", "/proc/self/comm"]);
  await expect.poll(() => tunnel.readClipboard(), { timeout: 10_000 }).toContain("xclip");
  copier.kill();

  const terminal = open.spawn("xterm", [
    "-geometry",
    "200x60+0+0",
    "-e",
    "sh",
    "-c",
    `read line; printf %s "$line" | xclip -selection clipboard -quiet`,
  ]);
  await expect.poll(() => open.run("xdotool", ["search", "--class", "xterm"])).not.toBe("");
  await page.locator("sightline-tunnels canvas").click();
  await page.waitForTimeout(300);
  await page.keyboard.type("Hello there 42");
  await page.keyboard.press("Enter");
  await expect.poll(() => tunnel.readClipboard(), { timeout: 10_000 }).toBe("Hello there 42");
  terminal.kill();

  await tunnel.copy("Größe 🌍 from here");
  await page.locator("sightline-tunnels canvas").click();
  await page.keyboard.press("Control+V");
  const remote = (): Promise<string> => open.run("xclip", ["-selection", "clipboard", "-o", "-t", "UTF8_STRING"]);
  await expect.poll(remote, { timeout: 10_000 }).toBe("Größe 🌍 from here");
});

it("asks for the password, says when it is wrong, and shows the screen when it is right", async () => {
  const page = await tunnel.open();
  await locked.run("xsetroot", ["-solid", "#14c850"]);
  await tunnel.connect("VNC", { Address: "127.0.0.1", Port: `${locked.port}` });
  await page.getByRole("heading", { name: `Sign in to 127.0.0.1:${locked.port}` }).waitFor();
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("alert")
    .getByText(/refused/)
    .waitFor();
  await page.getByRole("button", { name: "Connect again" }).click();
  await page.getByLabel("Password").fill("s3cret12");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect.poll(middle).toEqual([0x14, 0xc8, 0x50]);
});

it("says why a machine cannot be had: outside of the rules, nobody there, no VNC", async () => {
  const page = await tunnel.open();
  for (const [address, port, text] of [
    ["192.0.2.9", "5900", /rules do not allow 192.0.2.9:5900/],
    ["127.0.0.1", "1", /refused the connection/],
  ] as const) {
    await tunnel.connect("VNC", { Address: address, Port: port });
    await page.getByRole("alert").getByText(text).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
  }
  expect(tunnel.agent.audit.at(-1)).toMatchObject({ event: "refused", target: "127.0.0.1:1" });
});

it("goes back to the screens, keeps the connection, and ends it", async () => {
  const page = await tunnel.open();
  await tunnel.connect("VNC", { Address: "127.0.0.1", Port: `${open.port}` });
  await tunnel.status.getByText("test desktop").waitFor();
  expect(await page.locator("sightline-view").isVisible()).toBe(false);
  await page.getByRole("button", { name: /Fake screen/ }).click();
  await page.locator("sightline-view").waitFor();
  await page.getByRole("button", { name: new RegExp(`127.0.0.1:${open.port}`) }).click();
  await tunnel.status.getByText("test desktop").waitFor();
  const { connections } = tunnel.agent.host.figures;
  await page.getByRole("button", { name: "End the connection" }).click();
  await page.locator("sightline-view").waitFor();
  await expect.poll(() => tunnel.agent.host.figures.connections).toBe(connections - 1);
});

it("loads nothing of it before somebody wants to connect", async () => {
  const page = await tunnel.open();
  await page.getByRole("button", { name: /Connect to a machine/ }).waitFor();
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  expect(loaded.filter((name) => /tunnel|vnc|ssh|guacamole/.test(name))).toEqual([]);
});
