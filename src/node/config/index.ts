export type { ConfiguredCamera } from "./cameras.ts";
export { readConfigFile } from "./config-file.ts";
export { renderConfigReference } from "./reference.ts";
export { type ConfigFile, type ConfigSources, isLoopback, resolveConfig } from "./resolve.ts";
export { type Config, streamSettingsOf } from "./schema.ts";
export { type Setting, settingOf, settings } from "./settings.ts";
