import "./no-eval.ts";
import "./ui/sightline-page.ts";
