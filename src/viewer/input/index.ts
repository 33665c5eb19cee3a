export { COMBINATIONS, type Combination, combinationDrafts } from "./combinations.ts";
export { HOTKEYS, type Hotkey } from "./hotkeys.ts";
export { InputController, type InputControllerOptions } from "./input-controller.ts";
export {
  clampPan,
  type FitMode,
  type Placement,
  panUnderPointer,
  placePicture,
  toSource,
  type View,
} from "./placement.ts";
