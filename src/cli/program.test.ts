import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CommandLineEnd, parseCommandLine } from "./program.ts";

/** What commander prints belongs to the tests of the real program. */
beforeEach(() => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});

afterEach(() => vi.restoreAllMocks());

describe("the command line", () => {
  test("means serve without a command", () => {
    expect(parseCommandLine([])).toEqual({
      command: "serve",
      flags: {},
      configFile: undefined,
      pipe: false,
      json: false,
    });
    expect(parseCommandLine(["--port", "9000"])).toMatchObject({ command: "serve", flags: { port: "9000" } });
  });

  test("gives settings by their key, and switches with or without a value", () => {
    const { flags, configFile } = parseCommandLine([
      ...["serve", "--stream-jpeg-quality", "70", "--insecure", "--stream-hardware", "false", "--config", "my.yaml"],
    ]);
    expect(flags).toEqual({ "stream.jpegQuality": "70", insecure: true, "stream.hardware": "false" });
    expect(configFile).toBe("my.yaml");
  });

  test("means the agent's token by --token there, and the person's elsewhere", () => {
    expect(parseCommandLine(["agent", "--token", "x"]).flags).toEqual({ agentToken: "x" });
    expect(parseCommandLine(["serve", "--token", "x", "--agent-token", "y"]).flags).toEqual({
      token: "x",
      agentToken: "y",
    });
  });

  test("knows the switches of single commands", () => {
    expect(parseCommandLine(["agent", "--pipe"]).pipe).toBe(true);
    expect(parseCommandLine(["doctor", "--json"]).json).toBe(true);
  });

  test.each([
    [["--help"], 0],
    [["agent", "--help"], 0],
    [["--version"], 0],
    [["--nonsense"], 2],
    [["dance"], 2],
    [["doctor", "--port", "1"], 2],
    [["serve", "surplus"], 2],
  ])("ends at once for %j with exit code %i", (args, exitCode) => {
    expect(() => parseCommandLine(args)).toThrow(CommandLineEnd);
    expect(() => parseCommandLine(args)).toThrow(expect.objectContaining({ exitCode }));
  });
});
