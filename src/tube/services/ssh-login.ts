import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveCallback, ParsedKey, Prompt } from "ssh2";
import ssh2 from "ssh2";
import { describeError } from "../../base/index.ts";
import { DialError } from "../node/index.ts";
import type { PageTerminal } from "./page-terminal.ts";

/** Answers of a person before it is given up; servers allow about as many. */
const MAX_TRIES = 3;

export type LoginOptions = {
  readonly user: string;
  /** "user@host:port", for the questions. */
  readonly where: string;
  readonly key: ParsedKey | undefined;
  readonly password: string | undefined;
  readonly terminal: PageTerminal;
};

/**
 * Logs in as people do: by key where there is one, by the configured password, then by what the person answers, to the
 * server's own questions (keyboard-interactive) or for a password.
 */
export class SshLogin {
  readonly #options: LoginOptions;
  #askedForMethods = false;
  #key: ParsedKey | undefined;
  #password: string | undefined;
  #tries = 0;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#key = options.key;
    this.#password = options.password;
  }

  /** For ssh2, which asks again after each method that failed or was not enough. */
  readonly handler: AuthHandlerMiddleware = (methodsLeft, _partial, next) => {
    void this.#choose(methodsLeft ?? []).then((method) => next(method as AnyAuthMethod));
  };

  async #choose(left: readonly string[]): Promise<AnyAuthMethod | false> {
    const username = this.#options.user;
    if (!this.#askedForMethods) {
      this.#askedForMethods = true;
      return { type: "none", username };
    }
    const key = this.#key;
    if (key !== undefined && left.includes("publickey")) {
      this.#key = undefined;
      return { type: "publickey", username, key };
    }
    const password = this.#password;
    if (password !== undefined && (left.includes("password") || left.includes("keyboard-interactive"))) {
      this.#password = undefined;
      if (left.includes("password")) return { type: "password", username, password };
      const prompt = answering((prompts) => Promise.resolve(prompts.map(({ echo }) => (echo ? "" : password))));
      return { type: "keyboard-interactive", username, prompt };
    }
    this.#tries += 1;
    return this.#tries > MAX_TRIES ? false : this.#askPerson(left);
  }

  async #askPerson(left: readonly string[]): Promise<AnyAuthMethod | false> {
    const { user: username, where, terminal } = this.#options;
    if (left.includes("keyboard-interactive")) {
      const prompt = answering(async (prompts, title, text) => {
        const shown = prompts.map((prompt) => ({ text: prompt.prompt.slice(0, 500), echo: prompt.echo ?? false }));
        const question = { title: title.slice(0, 500) || where, text: text.slice(0, 4000), prompts: shown };
        return (await terminal.ask({ type: "prompts", ...question }))?.answers ?? [];
      });
      return { type: "keyboard-interactive", username, prompt };
    }
    if (!left.includes("password")) return false;
    const again = this.#tries > 1 ? "That password was not accepted." : "";
    const prompts = [{ text: "Password", echo: false }];
    const answer = await terminal.ask({ type: "prompts", title: where, text: again, prompts });
    const password = answer?.answers[0];
    return password === undefined ? false : { type: "password", username, password };
  }
}

type Answers = (prompts: readonly Prompt[], title: string, text: string) => Promise<string[]>;

function answering(answers: Answers) {
  return (
    name: string,
    text: string,
    _language: string,
    prompts: Prompt[],
    finish: KeyboardInteractiveCallback,
  ): void => {
    void answers(prompts, name, text).then(finish);
  };
}

/** Reads a private key, and asks for its passphrase where it has one. Rejects with {@link DialError}. */
export async function openPrivateKey(
  text: string,
  passphrase: string | undefined,
  terminal: PageTerminal,
): Promise<ParsedKey> {
  let secret = passphrase;
  for (let tries = 0; ; tries += 1) {
    const parsed = ssh2.utils.parseKey(text, secret);
    if (!(parsed instanceof Error)) return parsed;
    const encrypted = /passphrase|decrypt|integrity|bad decrypt/i.test(describeError(parsed));
    if (!encrypted) throw new DialError("configuration-error", "The private key cannot be read.");
    if (tries === MAX_TRIES) throw new DialError("configuration-error", "The private key's passphrase is wrong.");
    const question = { title: "The private key is locked", text: secret === undefined ? "" : "That did not open it." };
    const answer = await terminal.ask({ type: "prompts", ...question, prompts: [{ text: "Passphrase", echo: false }] });
    secret = answer?.answers[0];
    if (secret === undefined) throw new DialError("client", "Nobody gave the private key's passphrase.");
  }
}
