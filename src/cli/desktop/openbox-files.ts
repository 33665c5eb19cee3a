/** Openbox's own configuration where it is installed. */
export const SYSTEM_CONFIGURATION = "/etc/xdg/openbox/rc.xml";

/** An entry of the desktop's menu: its label and the command line, which holds no shell syntax. */
export type MenuEntry = { readonly label: string; readonly command: string };

/** The menu that a right click on the desktop opens, in Openbox's format. */
export function renderMenu(entries: readonly MenuEntry[]): string {
  const items = entries.map(
    ({ label, command }) =>
      `    <item label="${escapeXml(label)}"><action name="Execute"><command>${escapeXml(command)}</command></action></item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<openbox_menu xmlns="http://openbox.org/3.4/menu">
  <menu id="root-menu" label="Sightline">
${items.join("\n")}
    <separator />
    <menu id="client-list-combined-menu" />
  </menu>
</openbox_menu>
`;
}

/** Openbox's configuration with the menu of one file and a single desktop. */
export function withMenu(configuration: string, menuFile: string): string {
  let replaced = false;
  return configuration
    .replace(/<file>[^<]*<\/file>/g, () => {
      if (replaced) return "";
      replaced = true;
      return `<file>${escapeXml(menuFile)}</file>`;
    })
    .replace(/<number>\d+<\/number>/, "<number>1</number>");
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
