import { type Setting, settings } from "./settings.ts";

/** The text of docs/config.md, made from the schema. */
export function renderConfigReference(): string {
  return `${INTRODUCTION}\n${settings.map(renderSetting).join("\n")}`;
}

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run docs\` from src/node/config/schema.ts; change that. -->

Every setting can be given as a flag, in the environment, or in a file. A flag wins over the environment, the environment
over the file, the file over the default. The file is YAML: the one that \`--config FILE\` (or \`SIGHTLINE_CONFIG\`) names,
otherwise \`./sightline.yaml\` where that exists. A name that is not in this list is an error; only the file has a list of
\`cameras\` besides ([cameras.md](cameras.md)).

\`\`\`yaml
# sightline.yaml
name: desk
host: 0.0.0.0
tls: auto
stream:
  fps: 120
  bitrate: 30000000
\`\`\`

The same from the command line, and from the environment:

\`\`\`sh
sightline serve --name desk --host 0.0.0.0 --tls auto --stream-fps 120 --stream-bitrate 30000000
SIGHTLINE_NAME=desk SIGHTLINE_HOST=0.0.0.0 SIGHTLINE_TLS=auto SIGHTLINE_STREAM_FPS=120 sightline serve
\`\`\`

## Settings
`;

function renderSetting(setting: Setting): string {
  return `
### \`${setting.key}\`

${setting.description}

- Flag \`${setting.flag}\`, variable \`${setting.variable}\`
- Must be ${setting.expects}
- Default: ${setting.defaultText ?? "none"}
`.slice(1);
}
