import "./no-eval.ts";
import "./ui/index.ts";
