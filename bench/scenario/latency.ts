/**
 * How long a change takes from the screen, or a click in the page, to the page's pixels, and what that costs: Sightline
 * beside the method's own cost (the floor) and a peer, in one run, in rounds that take turns. `--help` lists the options.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Contestant } from "../baseline/contestant.ts";
import { floor, floorInWorker } from "../baseline/floor.ts";
import { novncDefaults, novncTuned } from "../baseline/novnc.ts";
import { sightline } from "../baseline/sightline.ts";
import { figuresOf, formatReport } from "../support/latency-report.ts";
import { Lifetime } from "../support/lifetime.ts";
import { type Turn, type TurnPlan, takeTurn } from "../support/turn.ts";

const help = `usage: latency [options]
  --only A,B        these contestants: floor, floor-worker, novnc, novnc-tuned, sightline
  --n N             clicks per contestant (default 120), and half as many flips without a click
  --rounds N        rounds in which the contestants take turns (default 3)
  --seconds S       seconds of video and of scrolling per contestant (default 12)
  --still S         seconds of a still screen per contestant (default 20)
  --quick           one round of 30 clicks, 4 seconds of each motion, 5 of a still screen
  --floor-delay MS  slows the floor's server down, to see that the bench notices
  --json FILE       writes every sample to FILE
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    n: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    still: { type: "string" },
    quick: { type: "boolean", default: false },
    "floor-delay": { type: "string", default: "0" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const say = (text: string) => process.stderr.write(`${text}\n`);
const lifetime = new Lifetime();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    say("\nending what was started …");
    void lifetime.close().then(() => process.exit(130));
  });
}

if (values.help) process.stdout.write(help);
else await main();

async function main(): Promise<void> {
  const number = (text: string | undefined, usual: number, quick: number) =>
    text === undefined ? (values.quick ? quick : usual) : Number(text);
  const rounds = number(values.rounds, 3, 1);
  const clicks = Math.ceil(number(values.n, 120, 30) / rounds);
  const plan: TurnPlan = {
    clicks,
    flips: Math.ceil(clicks / 2),
    motionSeconds: number(values.seconds, 12, 4) / rounds,
    stillSeconds: number(values.still, 20, 5),
  };
  const contestants = chooseContestants();
  const turns = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
  const failures: Failure[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another contestant, so that whatever disturbs the machine hits all of them.
      const order = contestants.map((_, index) => contestants[(index + round) % contestants.length] as Contestant);
      for (const contestant of order) {
        if (lifetime.ended) continue;
        const progress = (doing: string) => say(`round ${round + 1}/${rounds}  ${contestant.name}: ${doing}`);
        try {
          const turnPlan = round === 0 ? plan : { ...plan, stillSeconds: 0 };
          turns.get(contestant)?.push(await takeTurn(lifetime, contestant, turnPlan, progress));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          failures.push({ name: contestant.name, round: round + 1, reason });
          progress(`failed: ${reason}`);
        }
      }
    }
  } finally {
    await lifetime.close();
  }
  report(contestants, turns, failures);
}

type Failure = { readonly name: string; readonly round: number; readonly reason: string };

function chooseContestants(): Contestant[] {
  const all = [floor(0), floorInWorker, novncDefaults, novncTuned, sightline];
  const names = values.only?.split(",");
  for (const name of names ?? []) {
    if (!all.some((contestant) => contestant.name === name)) throw new Error(`There is no contestant "${name}".`);
  }
  const chosen = all.filter(({ name }) => names?.includes(name) ?? true);
  const delayMs = Number(values["floor-delay"]);
  return delayMs > 0 ? [...chosen, floor(delayMs)] : chosen;
}

function report(contestants: readonly Contestant[], turns: Map<Contestant, Turn[]>, failures: readonly Failure[]) {
  const figures = contestants.flatMap((contestant) => {
    const own = turns.get(contestant) ?? [];
    return own.length > 0 ? [figuresOf(contestant.name, contestant.description, own)] : [];
  });
  const allTurns = [...turns.values()].flat();
  const clockErrorMs = Math.max(...allTurns.map((turn) => turn.clockErrorMs));
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    chromium: chromiumVersion(),
    load: loadavg(),
  };
  process.stdout.write(`${formatReport(figures)}\n`);
  process.stdout.write(
    `${machine.cores} cores ${machine.cpu}, Node ${machine.node}, ${machine.chromium}; load average now ${machine.load[0]?.toFixed(1)}\n` +
      `clocks of page and bench agree within ${clockErrorMs.toFixed(2)} ms (paint to pixel, and ages)\n`,
  );
  for (const { name, round, reason } of failures) process.stdout.write(`${name} failed in round ${round}: ${reason}\n`);
  if (values.json) {
    const turnsByName = Object.fromEntries([...turns].map(([contestant, own]) => [contestant.name, own]));
    const document = { at: new Date().toISOString(), machine, clockErrorMs, figures, turns: turnsByName };
    writeFileSync(values.json, JSON.stringify({ ...document, failures }, null, 1));
  }
  if (failures.length > 0) process.exitCode = 1;
}

function chromiumVersion(): string {
  try {
    return execFileSync("chromium", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "Chromium";
  }
}
