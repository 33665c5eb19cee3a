import { describe, expect, it } from "vitest";
import { cameraSchema } from "../../../protocol/index.ts";
import { cameraOfForm, idFromName, KINDS } from "./camera-draft.ts";

describe("a camera's id", () => {
  it("is made of its name, and is nobody else's", () => {
    expect(idFromName("Front door", new Set())).toBe("front-door");
    expect(idFromName("  Außentür / Süd ", new Set())).toBe("au-entur-sud");
    expect(idFromName("Front door", new Set(["front-door", "front-door-2"]))).toBe("front-door-3");
    expect(idFromName("前", new Set())).toBe("camera");
  });
});

describe("a camera's form", () => {
  const values = {
    rtsp: { url: "rtsp://camera.example/1" },
    mjpeg: { url: "http://camera.example/video.mjpg" },
    snapshot: { url: "http://camera.example/shot.jpg", interval: "2.5" },
    device: { device: "/dev/video0", width: "640", height: "480", fps: "" },
    file: { path: "/videos/clip.mp4" },
    browser: {},
    test: { pattern: "testsrc2", width: "640", height: "360", fps: "10" },
  } as const;

  it.each(KINDS.map(({ kind }) => kind))("makes a camera of the kind %s", (kind) => {
    const camera = cameraOfForm(
      { name: "Yard", groups: "outside, north,,outside", ...values[kind] },
      kind,
      "yard",
      undefined,
    );
    expect(camera).toMatchObject({ id: "yard", name: "Yard", groups: ["outside", "north"], source: { kind } });
    expect(cameraSchema.parse(camera)).toEqual(camera);
  });

  it("reads times in seconds", () => {
    const camera = cameraOfForm({ name: "Yard", ...values.snapshot }, "snapshot", "yard", undefined);
    expect(camera).toMatchObject({ source: { intervalMs: 2500 } });
  });

  it("takes any certificate only where that is ticked", () => {
    for (const [anyCertificate, expected] of [
      ["on", true],
      ["off", undefined],
    ] as const) {
      const camera = cameraOfForm({ name: "Yard", ...values.mjpeg, anyCertificate }, "mjpeg", "yard", undefined);
      expect(
        typeof camera === "string" ? camera : "anyCertificate" in camera.source && camera.source.anyCertificate,
      ).toBe(expected ?? false);
    }
  });

  it("says in a sentence what is wrong", () => {
    expect(cameraOfForm({ name: " " }, "test", "a", undefined)).toBe("Give the camera a name.");
    expect(cameraOfForm({ name: "A", url: "gopher://x" }, "rtsp", "a", undefined)).toMatch(
      /^The address must be a URL such as "rtsp:/,
    );
    expect(cameraOfForm({ name: "A", ...values.test, width: "3" }, "test", "a", undefined)).toMatch(
      /^The width is not valid/,
    );
  });

  it("keeps the settings of motion, which it does not show", () => {
    const base = cameraSchema.parse({
      id: "yard",
      name: "Old",
      source: { kind: "test" },
      motion: { enabled: true, sensitivity: 70 },
    });
    expect(cameraOfForm({ name: "New" }, "test", "yard", base)).toMatchObject({
      name: "New",
      motion: { enabled: true, sensitivity: 70 },
    });
  });
});
