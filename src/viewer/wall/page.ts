import "../no-eval.ts";
import "./ui/wall-page.ts";
