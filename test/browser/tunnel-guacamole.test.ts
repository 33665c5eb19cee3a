import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Instruction, ScriptedGuacd } from "../support/scripted-guacd.ts";
import { TunnelPage } from "../support/tunnel-page.ts";

let tunnel: TunnelPage;
let guacd: ScriptedGuacd;

beforeAll(async () => {
  guacd = await ScriptedGuacd.start();
  tunnel = await TunnelPage.start({
    targets: "192.0.2.0/24:*",
    guacd: guacd.address,
    machines:
      "machines: [{ name: Till, via: guacamole, protocol: rdp, host: 192.0.2.7, parameters: { username: till, password: hidden-one } }]",
  });
});
afterAll(async () => {
  await tunnel.close();
  guacd.close();
});
beforeEach(() => guacd.behave({ first: FIRST }));

/** A desktop of 400x300 in one colour, and the end of its first picture. */
const FIRST: readonly Instruction[] = [
  ["size", "0", "400", "300"],
  ["name", "Till 🌍"],
  ["rect", "0", "0", "0", "400", "300"],
  ["cfill", "14", "0", "200", "30", "90", "255"],
  ["sync", "1000"],
];

async function openTill(search = ""): Promise<void> {
  await tunnel.open(search);
  const dialog = await tunnel.openDialog();
  await dialog.getByRole("button", { name: /Till/ }).click();
}

/** R, G, B in the middle of what the library shows. */
function middle(): Promise<number[]> {
  return tunnel.page.locator(".guacamole-screen").evaluate((screen) => {
    const [canvas] = [...screen.querySelectorAll("canvas")].sort((one, other) => other.width - one.width);
    if (canvas === undefined) return [];
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(200, 150, 1, 1);
    return [...data.slice(0, 3)];
  });
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

it.each(["webrtc", "websocket"])("shows what guacd draws over %s, and answers its syncs", async (transport) => {
  tunnel.chromium.errors.length = 0;
  await openTill(`?tunnel=${transport}`);
  await tunnel.status.getByText("Till 🌍").waitFor();
  await expect.poll(middle).toEqual([200, 30, 90]);
  expect(await guacd.client.next("sync")).toEqual(["1000"]);
  guacd.client.say(
    ["rect", "0", "0", "0", "400", "300"],
    ["cfill", "14", "0", "30", "90", "200", "255"],
    ["sync", "2000"],
  );
  await expect.poll(middle).toEqual([30, 90, 200]);
  await guacd.client.next("sync", ([timestamp]) => timestamp === "2000");
  expect(tunnel.chromium.errors).toEqual([]);
  const page = await tunnel.page.evaluate(() => document.documentElement.outerHTML);
  expect(page).not.toContain("hidden-one");
});

it("shows what arrives one byte at a time", async () => {
  guacd.behave({ first: FIRST, bytewise: true });
  await openTill();
  await tunnel.status.getByText("Till 🌍").waitFor();
  await expect.poll(middle).toEqual([200, 30, 90]);
});

it("sends keys and the pointer, in the remote's own coordinates", async () => {
  await openTill();
  await tunnel.status.getByText("Till 🌍").waitFor();
  await expect.poll(middle).toEqual([200, 30, 90]);
  const box = await tunnel.page.locator(".guacamole-screen > div").boundingBox();
  if (box === null) throw new Error("There is a screen.");
  await tunnel.page.mouse.click(box.x + box.width / 4, box.y + box.height / 2);
  const [x = "", y = ""] = await guacd.client.next("mouse", ([, , mask]) => mask === "1");
  expect(Math.abs(Number(x) - 100)).toBeLessThanOrEqual(2);
  expect(Math.abs(Number(y) - 150)).toBeLessThanOrEqual(2);
  await tunnel.page.keyboard.press("a");
  await guacd.client.next("key", ([keysym, pressed]) => keysym === "97" && pressed === "1");
  await guacd.client.next("key", ([keysym, pressed]) => keysym === "97" && pressed === "0");
});

it("tells the remote the pane's size, at the start and when it changes", async () => {
  await openTill();
  await tunnel.status.getByText("Till 🌍").waitFor();
  const pane = (): Promise<string[]> =>
    tunnel.page
      .locator("sightline-tunnels .pane")
      .evaluate(({ clientWidth, clientHeight }) => [`${clientWidth}`, `${clientHeight}`]);
  const [first] = guacd.client.received.filter(([opcode]) => opcode === "size");
  expect(first?.slice(1, 3)).toEqual(await pane());
  await tunnel.page.setViewportSize({ width: 900, height: 600 });
  const [width, height] = await pane();
  await guacd.client.next("size", (args) => args[0] === width && args[1] === height);
  await tunnel.page.setViewportSize({ width: 1280, height: 800 });
});

it("carries the clipboard both ways, emoji included", async () => {
  await openTill();
  await tunnel.status.getByText("Till 🌍").waitFor();
  const [start, end] = [base64("Größe 🌍 from "), base64("there")];
  guacd.client.say(["clipboard", "5", "text/plain"], ["blob", "5", start], ["blob", "5", end], ["end", "5"]);
  await expect.poll(() => tunnel.readClipboard()).toBe("Größe 🌍 from there");

  await tunnel.copy("Größe 🌍 from here");
  await tunnel.page.locator(".guacamole-screen").click();
  await tunnel.page.keyboard.press("Control+V");
  const [stream = ""] = await guacd.client.next("clipboard");
  const [, blob = ""] = await guacd.client.next("blob", ([index]) => index === stream);
  expect(Buffer.from(blob, "base64").toString()).toBe("Größe 🌍 from here");
  await guacd.client.next("end", ([index]) => index === stream);
  await guacd.client.next("key", ([keysym, pressed]) => keysym === "118" && pressed === "1");
  const order = guacd.client.received.map(([opcode, keysym]) => (opcode === "key" ? `key ${keysym}` : opcode));
  expect(order.indexOf("key 118")).toBeGreaterThan(order.indexOf("end"));
});

it("pastes once after it was connected again", async () => {
  await openTill();
  await tunnel.status.getByText("Till 🌍").waitFor();
  guacd.client.end();
  await tunnel.page.getByRole("button", { name: "Connect again" }).click();
  await tunnel.status.getByText("Till 🌍").waitFor();
  await tunnel.copy("once");
  await tunnel.page.locator(".guacamole-screen").click();
  await tunnel.page.keyboard.press("Control+V");
  await guacd.client.next("key", ([keysym, pressed]) => keysym === "118" && pressed === "0");
  expect(guacd.client.received.filter(([opcode]) => opcode === "clipboard")).toHaveLength(1);
});

it("asks for what guacd finds missing", async () => {
  guacd.behave({ first: [["required", "username", "password"]] });
  await openTill();
  await tunnel.page.getByLabel("Username").fill("ana");
  await tunnel.page.getByLabel("Password").fill("s3cret");
  await tunnel.page.getByRole("button", { name: "Sign in" }).click();
  await guacd.client.next("argv", ([, , name]) => name === "password");
  await guacd.client.next("blob", ([, blob = ""]) => Buffer.from(blob, "base64").toString() === "s3cret");
  // The pane's size may be told at any time.
  const said = guacd.client.received
    .map(([opcode, , , name]) => (opcode === "argv" ? name : opcode))
    .filter((name) => name !== "size");
  expect(said.slice(said.indexOf("username"))).toEqual(["username", "blob", "end", "password", "blob", "end"]);
});

it("says what went wrong in the handshake, in the session, and when guacd has gone", async () => {
  guacd.behave({ ready: ["error", "", "769"] });
  await openTill();
  const alert = tunnel.page.getByRole("alert");
  await alert.getByText(/credentials were not accepted/).waitFor();

  guacd.behave({ first: FIRST });
  await tunnel.page.getByRole("button", { name: "Connect again" }).click();
  await tunnel.status.getByText("Till 🌍").waitFor();
  guacd.client.say(["error", "The machine was switched off.", "519"]);
  await alert.getByText("The machine was switched off.").waitFor();
  await guacd.client.closed;

  await tunnel.page.getByRole("button", { name: "Connect again" }).click();
  await tunnel.status.getByText("Till 🌍").waitFor();
  guacd.client.end();
  await alert.getByText("The connection has ended.").waitFor();

  await tunnel.page.getByRole("button", { name: "Connect again" }).click();
  await tunnel.status.getByText("Till 🌍").waitFor();
  guacd.client.write(Buffer.from("not an instruction;"));
  await alert.getByText(/Guacamole instruction has "n"/).waitFor();
});
