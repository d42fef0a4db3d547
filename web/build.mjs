// Bundles the front end: index.html, explorer.js, explorer.css for all hosts, and widget.js, which frames them in a
// notebook (and the licences of what is in them). Knows nothing of Python; `node.py` beside this file finds Node and
// starts it.
//
//   node build.mjs [--out FOLDER] [--watch]

import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: join(here, "../src/peephole/explorer/static") },
    watch: { type: "boolean", default: false },
  },
});
const out = resolve(options.out);

/** The licence texts of the packages that are part of the bundle: their terms ask that these travel with it. */
async function licences(inputs) {
  const packages = new Set();
  for (const path of Object.keys(inputs)) {
    const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} is bundled but ships no licence text; add it by hand or drop ${name}`);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    texts.push(`${name} ${version}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

const finish = {
  name: "finish",
  setup(build) {
    build.onEnd(async (result) => {
      if (result.errors.length > 0) return;
      await cp(join(here, "index.html"), join(out, "index.html"));
      await writeFile(join(out, "LICENSES.txt"), await licences(result.metafile.inputs));
    });
  },
};

const context = await esbuild.context({
  absWorkingDir: here,
  entryPoints: { explorer: "./src/main", widget: "./src/widget" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !options.watch,
  sourcemap: options.watch ? "inline" : false,
  metafile: true,
  logLevel: "info",
  plugins: [finish],
});

await mkdir(out, { recursive: true });
if (options.watch) {
  await context.watch();
} else {
  try {
    await context.rebuild();
  } catch {
    process.exitCode = 1; // esbuild has printed what was wrong and where
  } finally {
    await context.dispose();
  }
}
