import "./no-eval.ts";
import "./ui/sightline-page.ts";
import { TunnelsController } from "./ui/tunnels-controller.ts";

// A terminal, noVNC and Guacamole are many times the page's own size: they come when somebody wants to connect.
TunnelsController.load = () => import("./tunnels/index.ts");
