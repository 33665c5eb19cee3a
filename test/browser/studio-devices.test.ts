import { expect, it } from "vitest";
import { until, useStudioFixture } from "../support/studio-fixture.ts";
import { driveStudio, type StudioDriver } from "../support/studio-page.ts";

// Chromium's own cameras, which have several sizes and rates, and a person who is really asked.
const fixture = useStudioFixture({ camera: ["--use-fake-device-for-media-stream=device-count=2"] });

async function open(
  permission: "granted" | "denied",
): Promise<StudioDriver & { permit(setting: string): Promise<void> }> {
  const { chromium, hub } = fixture;
  const page = await chromium.context.newPage();
  const session = await chromium.context.newCDPSession(page);
  const permit = async (setting: string): Promise<void> => {
    const permissions = { permission: { name: "camera" }, origin: hub.url, setting };
    await session.send("Browser.setPermission", permissions as never);
  };
  await permit(permission);
  await page.goto(`${hub.url}/studio/?engine=cpu`);
  return { ...driveStudio(page), permit };
}

const stateOf = (studio: StudioDriver) => studio.onStage((stage) => stage.camera.state);
const untilLive = (studio: StudioDriver) => until("camera", async () => (await stateOf(studio)).kind === "live");

it("says in plain words that the camera is not allowed, and starts once it is", async () => {
  const studio = await open("denied");
  const alert = studio.page.getByRole("alert");
  await alert.waitFor();
  const words = (await alert.textContent()) ?? "";
  expect(words).toContain("This page may not use the camera.");
  expect(words).toContain("Allow the camera beside the page's address");
  expect(words).not.toMatch(/NotAllowed|Error|getUserMedia/);
  await studio.permit("granted");
  await untilLive(studio);
  expect(await alert.count()).toBe(0);
});

it("takes the camera, size and rate that are chosen, upright too, and remembers them", async () => {
  const studio = await open("granted");
  const { page } = studio;
  await untilLive(studio);
  const device = page.getByLabel("Device");
  const labels = await device.locator("option").allTextContents();
  expect(labels).toHaveLength(3);
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (wish) => {
      Object.assign(window, { wish });
      return ask(wish);
    };
  });
  const shows = (width: number, height: number) => async () => {
    const state = await stateOf(studio);
    return state.kind === "live" && state.label === labels[2] && state.width === width && state.height === height;
  };
  await device.selectOption({ label: labels[2] as string });
  // The second of Chromium's cameras has this size; of one that it has not, it gives its nearest.
  await until("chosen camera", shows(1280, 720));
  await page.getByRole("combobox", { name: "Picture" }).selectOption("640x360");
  await until("smaller picture", async () => !(await shows(1280, 720)()) && (await stateOf(studio)).kind === "live");
  await page.getByRole("combobox", { name: "Picture" }).selectOption("1280x720");
  await page.getByLabel("Rate").selectOption("60");
  await until("chosen camera again", shows(1280, 720));
  const { width, height, frameRate } = await page.evaluate(
    () => (window as unknown as { wish: { video: MediaTrackConstraints } }).wish.video,
  );
  expect({ width, height, frameRate }).toEqual({
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 60 },
  });
  await page.getByRole("combobox", { name: "Size" }).selectOption("720x1280");
  expect(await studio.onStage(({ scene }) => [scene.width, scene.height])).toEqual([720, 1280]);
  await page.reload();
  await untilLive(studio);
  expect(await stateOf(studio)).toMatchObject({ label: labels[2], width: 1280, height: 720 });
  expect(await studio.onStage(({ scene }) => [scene.width, scene.height])).toEqual([720, 1280]);
});

it("lists a camera that is connected, and starts it when it is the only one", async () => {
  const studio = await open("granted");
  const { page } = studio;
  await untilLive(studio);
  await page.evaluate(() => {
    const { mediaDevices } = navigator;
    const [list, ask] = [
      mediaDevices.enumerateDevices.bind(mediaDevices),
      mediaDevices.getUserMedia.bind(mediaDevices),
    ];
    const plugged = { plugged: false };
    mediaDevices.enumerateDevices = async () => (plugged.plugged ? list() : []);
    mediaDevices.getUserMedia = (wish) =>
      plugged.plugged ? ask(wish) : Promise.reject(new DOMException("", "NotFoundError"));
    Object.assign(window, { plugged });
  });
  // What the browser tells when the cable is pulled and put in again.
  await studio.onStage((stage) => {
    stage.camera.track?.stop();
    stage.camera.track?.dispatchEvent(new Event("ended"));
  });
  await page.getByRole("alert").waitFor();
  const options = page.getByLabel("Device").locator("option");
  await until("empty list", async () => (await options.count()) === 1);
  await page.evaluate(() => {
    (window as unknown as { plugged: { plugged: boolean } }).plugged.plugged = true;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });
  await untilLive(studio);
  await until("full list", async () => (await options.count()) === 3);
});
