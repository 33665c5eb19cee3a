import "../no-eval.ts";
import "../ui/index.ts";
import "./ui/studio-page.ts";
