import { describe, expect, it } from "vitest";
import { describeCameraError, NO_CAMERAS } from "./camera-problem.ts";

const named = (name: string) => describeCameraError(new DOMException("as the browser has it", name));

describe("a camera's problem, in plain words", () => {
  it.each([
    ["NotAllowedError", "This page may not use the camera.", /^Allow the camera beside the page's address/],
    ["NotFoundError", "There is no camera.", /^Connect one\./],
    ["NotReadableError", "The camera does not answer.", /^Another program may be using it\. Close that program/],
    ["AbortError", "The camera does not answer.", /^Another program may be using it\. Close that program/],
    ["OverconstrainedError", "The camera has no such picture.", /^Choose another size or rate\.$/],
  ])("%s", (name, text, remedy) => {
    const problem = named(name);
    expect(problem.text).toBe(text);
    expect(problem.remedy).toMatch(remedy);
    expect(`${problem.text} ${problem.remedy}`).not.toMatch(/Error|getUserMedia|as the browser has it/);
  });

  it("passes on what the browser says where nothing better is known", () => {
    expect(named("TypeError")).toEqual({
      text: "The camera could not be started.",
      remedy: "as the browser has it",
    });
    expect(describeCameraError("no error at all").remedy).toBe("Try again.");
  });

  it("says how to open a page that the browser gives no cameras to", () => {
    expect(NO_CAMERAS.text).toBe("This browser gives cameras to secure pages only.");
    expect(NO_CAMERAS.remedy).toMatch(/https.*http:\/\/localhost/);
  });
});
