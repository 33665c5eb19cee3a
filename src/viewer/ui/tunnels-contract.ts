/** One connection to a machine behind an agent, as lists show it. */
export type TunnelEntry = {
  readonly id: number;
  readonly title: string;
  readonly detail: string;
  readonly state: "connecting" | "live" | "ended";
  /** One sentence about the state. */
  readonly text: string;
};

/**
 * What the page needs of the element that holds connections, which is loaded when it is first wanted. It fires
 * `sightline-tunnels-change`, and the events of a view: `sightline-notice` and `sightline-clipboard`.
 */
export type TunnelsElement = HTMLElement & {
  readonly entries: readonly TunnelEntry[];
  /** The connection that is shown; undefined shows none. */
  current: number | undefined;
  /** Asks the person what to connect to, through one of these agents. */
  connect(agents: readonly string[]): void;
  /** Puts a text into the clipboard of the machine that is shown. */
  sendText(text: string): void;
  focusCurrent(): void;
  end(id: number): void;
};
