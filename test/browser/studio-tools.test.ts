import { describe, expect, it } from "vitest";
import type { StudioPage } from "../../dist/viewer/studio/ui/studio-page.js";
import { makePicture } from "../support/studio-clips.ts";
import {
  BLUE,
  expectColors,
  GREEN,
  isNear,
  KEY,
  keepFile,
  onScreen,
  RED,
  showScene,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";
import type { StudioDriver } from "../support/studio-page.ts";

const fixture = useStudioFixture();

/** The layer of the scene that the page has, by its place from the lowest up. */
async function layerOf({ page }: StudioDriver, index = 0) {
  const scene = await page.evaluate(() => (document.querySelector("studio-page") as StudioPage).scene);
  return scene.layers[index] ?? expect.fail("There is no such layer.");
}

async function drag(studio: StudioDriver, from: readonly [number, number], to: readonly [number, number]) {
  const { mouse } = studio.page;
  await mouse.move(...(await onScreen(studio, from)));
  await mouse.down();
  await mouse.move(...(await onScreen(studio, to)), { steps: 4 });
  await mouse.up();
}

describe("the key", () => {
  it("is found by itself, picked on the picture, with Shift in several colours, and shown as matte and source", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    await page.getByRole("radio", { name: "Chroma" }).click();
    await page.getByRole("button", { name: "Find the key by itself" }).click();
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await page.getByRole("button", { name: "Pick a key colour on the picture" }).click();
    await page.mouse.click(...(await onScreen(studio, [320, 180])));
    await expectColors(studio, [
      [320, 180, BLUE],
      [610, 330, GREEN],
    ]);
    await page.getByRole("button", { name: "Pick a key colour on the picture" }).click();
    await page.keyboard.down("Shift");
    await page.mouse.click(...(await onScreen(studio, [600, 300])));
    await page.keyboard.up("Shift");
    await expectColors(studio, [
      [320, 180, BLUE],
      [610, 330, BLUE],
      [30, 30, WHITE],
    ]);
    const { colors } = (await layerOf(studio)).key;
    expect(colors).toHaveLength(2);
    expect([isNear(colors[0], RED), isNear(colors[1], GREEN)]).toEqual([true, true]);
    await page.getByRole("radio", { name: "Matte" }).click();
    await expectColors(studio, [
      [320, 180, [0, 0, 0]],
      [30, 30, [255, 255, 255]],
    ]);
    await page.getByRole("radio", { name: "Source" }).click();
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, GREEN],
    ]);
  });

  it("comes from a preset, for chroma and for luma, and follows its sliders", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    await page.getByRole("radio", { name: "Chroma" }).click();
    await page.getByLabel("Preset").selectOption("Green screen");
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await page.getByLabel("Preset").selectOption("Fire or smoke on black");
    expect((await layerOf(studio)).key).toMatchObject({ mode: "luma", lumaMin: 0.02 });
    // White is brighter than the screen: only it stays.
    await page.getByLabel("Darkest").fill("0.8");
    await page.getByLabel("Its ramp").first().fill("0.02");
    await expectColors(studio, [
      [30, 30, WHITE],
      [320, 180, BLUE],
      [610, 330, BLUE],
    ]);
    await page.getByLabel("Invert").check();
    await expectColors(studio, [
      [30, 30, BLUE],
      [320, 180, RED],
      [610, 330, GREEN],
    ]);
  });

  it("is kept to shapes drawn on the picture: a box, an ellipse and a polygon, also while it is mirrored", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    await studio.onStage((stage) => {
      stage.selfMirror = true;
    });
    await page.getByRole("button", { name: "Box: keep what is inside" }).click();
    // On the screen the left is right now: this is around the box in the middle, and up to the white one.
    await drag(studio, [440, 260], [639, 1]);
    await page.getByRole("button", { name: "Ellipse: cut what is inside" }).click();
    await drag(studio, [600, 10], [639, 60]);
    await page.getByRole("button", { name: "Polygon: keep what is inside" }).click();
    for (const place of [
      [20, 200],
      [120, 200],
      [120, 340],
    ] as const)
      await page.mouse.click(...(await onScreen(studio, place)));
    await page.mouse.dblclick(...(await onScreen(studio, [20, 340])));
    await studio.onStage((stage) => {
      stage.selfMirror = false;
    });
    const { shapes } = (await layerOf(studio)).key;
    expect(shapes.map(({ kind, mode }) => `${mode} ${kind}`)).toEqual([
      "keep rectangle",
      "cut ellipse",
      "keep polygon",
    ]);
    expect(shapes[2]?.points).toHaveLength(4);
    await expectColors(studio, [
      [100, 100, GREEN],
      [20, 35, BLUE],
      [320, 180, BLUE],
      [570, 270, GREEN],
      [500, 100, BLUE],
    ]);
    await page.getByRole("button", { name: "Remove the last" }).click();
    await expectColors(studio, [[570, 270, BLUE]]);
  });
});

describe("layers", () => {
  it("are dragged, scaled by the wheel and by the slider, turned and mirrored", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    await drag(studio, [320, 180], [480, 180]);
    await expectColors(studio, [
      [480, 180, RED],
      [190, 30, WHITE],
      [100, 300, BLUE],
    ]);
    await page.mouse.move(...(await onScreen(studio, [320, 180])));
    await page.mouse.wheel(0, 400);
    await until("smaller picture", async () => (await layerOf(studio)).placement.scale < 0.9);
    await page.getByLabel("Scale").fill("0.5");
    await expectColors(studio, [
      [480, 180, RED],
      [330, 100, WHITE],
      [300, 180, BLUE],
    ]);
    await page.getByRole("radio", { name: "180°" }).click();
    await expectColors(studio, [[630, 260, WHITE]]);
    await page.getByLabel("Mirror in the output").check();
    await expectColors(studio, [[330, 260, WHITE]]);
  });

  it("lie on each other in their order, blended and faded", async () => {
    const studio = await fixture.open();
    const { page } = studio;
    const picture = await keepFile(studio, makePicture("0x646464"), "image/png");
    const image = (change: object) => ({
      id: "image",
      name: "Image",
      source: { kind: "image", url: picture },
      ...change,
    });
    const camera = { id: "camera", name: "Camera", source: { kind: "camera" } };
    const grey = [100, 100, 100] as const;
    await showScene(studio, {}, { layers: [camera, image({})] });
    await expectColors(studio, [[320, 180, grey]]);
    await page.getByRole("button", { name: "Image", exact: true }).click();
    await page.getByRole("button", { name: "Lower Image" }).click();
    await expectColors(studio, [[320, 180, RED]]);
    await showScene(studio, {}, { layers: [image({}), { ...camera, key: KEY }] });
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, grey],
    ]);
    await showScene(studio, {}, { layers: [camera, image({ blend: "add" })] });
    await expectColors(studio, [[320, 180, [255, 160, 150]]]);
    await page.getByRole("button", { name: "Image", exact: true }).click();
    await page.getByLabel("Blend").selectOption("normal");
    await page.getByLabel("Opacity").fill("0.5");
    await expectColors(studio, [[320, 180, [150, 80, 75]]]);
  });

  it("show one camera twice, as it is and keyed or plain above", async () => {
    const studio = await fixture.open();
    const camera = { id: "camera", name: "Camera", source: { kind: "camera" } };
    const small = { fit: "cover", x: 0.35, y: 0.35, scale: 0.25 };
    await showScene(studio, {}, { layers: [camera, { ...camera, id: "again", name: "Again", placement: small }] });
    await expectColors(studio, [
      [320, 180, RED],
      [544, 306, RED],
      [475, 272, WHITE],
    ]);
  });
});
