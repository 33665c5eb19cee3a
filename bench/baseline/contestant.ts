import type { Page } from "playwright-core";
import type { Lifetime } from "../support/lifetime.ts";
import type { PictureSource } from "../support/picture-source.ts";

/** Where a contestant says that the time goes; `all` is everything it knows, for the JSON report. */
export type Explanation = { readonly stages: readonly StageTime[]; readonly all: unknown };

/** One stage of the way from the change to the pixels, in milliseconds. */
export type StageTime = { readonly stage: string; readonly p50: number; readonly p95: number };

/** Something that brings a screen into a page, started. */
export type RunningContestant = {
  /** What the browser opens. */
  readonly url: string;
  /** The port that carries the pictures to the browser. */
  readonly port: number;
  /** The processes of the server side, X server included; their descendants count too. */
  readonly serverPids: readonly number[];
  readonly source: PictureSource;
  /** What a contestant that measures itself has found since the last call. */
  readonly explain?: (page: Page) => Promise<Explanation>;
};

/** One way to bring a screen into a page. `start` throws with the reason when it can't run on this machine. */
export type Contestant = {
  readonly name: string;
  readonly description: string;
  start(lifetime: Lifetime): Promise<RunningContestant>;
};
