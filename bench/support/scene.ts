/** Where the test program paints, in pixels of the 1920x1080 screen. */
export const screen = { width: 1920, height: 1080 } as const;
export const block = { x: 760, y: 390, width: 400, height: 300 } as const;
export const videoArea = { x: 640, y: 360, width: 640, height: 360 } as const;
export const scrollArea = { x: 0, y: 0, ...screen } as const;

/** What the test program shows. */
export type Mode = "still" | "block" | "video" | "scroll";

/** The block's two colours, 0xRRGGBB. */
export const blockColors = [0xc83228, 0x28a03c] as const;

/** Pictures per second of the moving modes. */
export const picturesPerSecond = 60;

/** A rectangle of the screen. */
export type Area = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
