import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { type Chromium, type ChromiumOptions, startChromium } from "./chromium.ts";
import { startTestHub, TOKEN } from "./test-hub.ts";
import { TunnelAgent, type TunnelAgentOptions } from "./tunnel-agent.ts";

const PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));

/** The built page at a real hub with an agent that has tunnels and no picture. */
export class TunnelPage {
  readonly hub: Hub;
  readonly agent: TunnelAgent;
  readonly chromium: Chromium;
  #page: Page | undefined;

  private constructor(hub: Hub, agent: TunnelAgent, chromium: Chromium) {
    this.hub = hub;
    this.agent = agent;
    this.chromium = chromium;
  }

  static async start(
    options: TunnelAgentOptions,
    { hub: hubOptions, ...chromium }: ChromiumOptions & { readonly hub?: Partial<HubOptions> } = {},
  ): Promise<TunnelPage> {
    const hub = await startTestHub({ pageDirectory: PAGE, ...hubOptions });
    const agent = await TunnelAgent.start(hub, options);
    const permissions = ["clipboard-read", "clipboard-write"];
    return new TunnelPage(hub, agent, await startChromium({ permissions, ...chromium }));
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error("The page is not open.");
    return this.#page;
  }

  /** Opens the page, signed in, in a tab of its own; the one before is closed. */
  async open(search = ""): Promise<Page> {
    await this.#page?.close();
    this.#page = await this.chromium.open(`${this.hub.url}/${search}#token=${TOKEN}`);
    this.#page.setDefaultTimeout(15_000);
    return this.#page;
  }

  /** Opens the dialog and waits for what the agent offers. */
  async openDialog(): Promise<Locator> {
    await this.page.getByRole("button", { name: /Connect to a machine/ }).click();
    const dialog = this.page.getByRole("dialog", { name: "Connect to a machine" });
    await dialog.getByText(/Connected (directly|through)/).waitFor();
    return dialog;
  }

  /** Connects to an address by the form. */
  async connect(kind: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const dialog = await this.openDialog();
    await dialog.getByRole("button", { name: kind, exact: true }).click();
    for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  }

  /** What the bar says about the connection that is shown. */
  get status(): Locator {
    return this.page.locator(".bar .words");
  }

  readClipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  async copy(text: string): Promise<void> {
    await this.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  }

  async close(): Promise<void> {
    await this.chromium.close();
    this.agent.close();
    await this.hub.close();
  }
}
