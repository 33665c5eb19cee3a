import type { Closable } from "../../../base/index.ts";
import type { GuacamoleProtocol } from "../../../protocol/index.ts";
import type { AgentTube } from "../tube/agent-tube.ts";

/** What somebody wants to reach through an agent. `title` and `detail` are for people. */
export type TunnelTarget = { readonly agent: string; readonly title: string; readonly detail: string } & (
  | { readonly via: "vnc"; readonly host: string; readonly port: number }
  | { readonly via: "ssh"; readonly request: SshLogin }
  | { readonly via: "guacamole"; readonly request: GuacamoleLogin }
);

type SshLogin =
  | { readonly machine: string; readonly user?: string }
  | { readonly host: string; readonly port: number; readonly user: string; readonly privateKey?: string };

type GuacamoleLogin =
  | { readonly machine: string }
  | { readonly protocol: GuacamoleProtocol; readonly parameters: Readonly<Record<string, string>> };

/** Where a pane stands. `asking` waits for the person; `ended` is final. */
export type PaneState = {
  readonly phase: "connecting" | "asking" | "open" | "ended";
  /** One sentence, or the remote's name for itself. */
  readonly text: string;
  /** It ended because something went wrong. */
  readonly failed?: boolean;
};

/** What a pane asks the person: to agree, or to fill in fields. */
export type Question = {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly { readonly label: string; readonly secret: boolean }[];
  readonly agree: string;
};

/** What a pane needs of the page. */
export type PaneContext = {
  readonly tube: AgentTube;
  /** Fills the pane; what the pane shows goes in here. */
  readonly element: HTMLElement;
  setState(state: PaneState): void;
  /** The answers, one for each field; undefined when the person does not want to. */
  ask(question: Question): Promise<readonly string[] | undefined>;
  /** The remote machine has copied a text. */
  copied(text: string): void;
};

/** One remote machine in the page. */
export type Pane = Closable & {
  focus(): void;
  /** Puts a text into the remote's clipboard; a terminal gets it as if it were typed. */
  sendText(text: string): void;
};
