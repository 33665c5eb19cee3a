/** `system` follows the computer's setting. */
export type Theme = "system" | "dark" | "light";

const KEY = "sightline.theme";

export const THEMES: readonly Theme[] = ["system", "dark", "light"];

/** The theme chosen earlier in this browser. */
export function recallTheme(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : "system";
  } catch {
    return "system";
  }
}

/** Applies a theme to the document and keeps it for the next visit. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
