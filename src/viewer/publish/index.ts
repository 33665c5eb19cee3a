/** Publishing this device's camera as a camera of the hub. */
export { Publisher, type PublishState } from "./publisher.ts";
