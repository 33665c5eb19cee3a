import type { Page } from "playwright-core";
import type { Lifetime } from "../support/lifetime.ts";
import type { PictureSource } from "../support/picture-source.ts";

/** Something that brings a screen into a page, started. */
export type RunningContestant = {
  /** What the browser opens. */
  readonly url: string;
  /** The port that carries the pictures to the browser. */
  readonly port: number;
  /** The processes of the server side, X server included; their descendants count too. */
  readonly serverPids: readonly number[];
  readonly source: PictureSource;
  /** What a contestant knows about its own run, for the JSON report. */
  readonly explain?: (page: Page) => Promise<unknown>;
};

/** One way to bring a screen into a page. `start` throws with the reason when it can't run on this machine. */
export type Contestant = {
  readonly name: string;
  readonly description: string;
  start(lifetime: Lifetime): Promise<RunningContestant>;
};
