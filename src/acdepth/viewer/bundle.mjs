// Makes cloud.bundle.js, from a folder where npm has installed three and esbuild: make viewer
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.cwd(), "package.json"));
const source = readFileSync(join(here, "cloud.js"));
const { version } = JSON.parse(readFileSync(join(process.cwd(), "node_modules/three/package.json")));
const hash = createHash("sha256").update(source).digest("hex");
require("esbuild").buildSync({
  stdin: { contents: source.toString(), resolveDir: process.cwd() },
  outfile: join(here, "cloud.bundle.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "inline",
  banner: { js: `/* cloud.js ${hash} with three.js ${version}, Copyright 2010-2026 three.js authors, MIT */` },
});
