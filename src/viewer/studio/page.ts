import "../no-eval.ts";
import "../ui/sightline-view.ts";
import "./ui/studio-page.ts";
