import { expect, test } from "vitest";
import { streamSettingsSchema } from "../../protocol/index.ts";
import { classSettings } from "./size-class.ts";

const settings = streamSettingsSchema.parse({});
const desktop = { width: 1920, height: 1080 };

test("a viewer without limits gets the settings as they are", () => {
  expect(classSettings(settings, desktop, {})).toEqual(settings);
});

test("a viewer gets the smallest class that holds all it can show", () => {
  expect(classSettings(settings, desktop, { maxWidth: 960 })).toMatchObject({ width: 960, height: 540 });
  expect(classSettings(settings, desktop, { maxWidth: 970 })).toMatchObject({ width: 1280, height: 720 });
  expect(classSettings(settings, desktop, { maxWidth: 1900, maxHeight: 1060 })).toEqual(settings);
});

test("the narrow side of a phone decides, not its height", () => {
  const size = classSettings(settings, desktop, { maxWidth: 390, maxHeight: 844 });
  expect(size).toMatchObject({ width: 480, height: 270 });
});

test("nearly equal viewers share a class", () => {
  expect(classSettings(settings, desktop, { maxWidth: 800 })).toEqual(
    classSettings(settings, desktop, { maxWidth: 900 }),
  );
});

test("classes of a source larger than the settings start from the settings' size", () => {
  const wide = { width: 3840, height: 2160 };
  expect(classSettings(settings, wide, { maxWidth: 1920 })).toEqual(settings);
  expect(classSettings(settings, wide, { maxWidth: 960 })).toMatchObject({ width: 960, height: 540 });
});

test("rates are classes too, and the settings are their limit", () => {
  expect(classSettings(settings, desktop, { maxFps: 24 }).fps).toBe(30);
  expect(classSettings(settings, desktop, { maxFps: 120 }).fps).toBe(60);
  expect(classSettings({ ...settings, fps: 25 }, desktop, { maxFps: 24 }).fps).toBe(25);
});
