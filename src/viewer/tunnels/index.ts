import "./tunnels-element.ts";
