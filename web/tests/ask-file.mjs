// Asks a page that is a file what the explorer's server would be asked, without a browser: for Python's tests, which
// compare the answers with the server's.
//
//   node ask-file.mjs PAGE.html < requests.json > answers.json
//
// Requests are [path, body or null]…, where "TRACE" stands for the trace of the last answer that named one; answers
// are [status, body in base64]….

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const { outputFiles } = await esbuild.build({
  absWorkingDir: web,
  entryPoints: ["src/file/host.ts"],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
});
const script = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
const { fileHost } = await import(script);

const page = await readFile(process.argv[2], "utf8");
const host = await fileHost(/id="data">([^<]*)</.exec(page)[1]);
const requests = JSON.parse(await new Response(process.stdin).text());
const { signal } = new AbortController();
const answers = [];
let trace = "";
for (const [path, body] of requests) {
  const answer = await host.ask(path.replace("TRACE", trace), body ?? undefined, signal);
  const bytes = Buffer.from(answer.body);
  trace = /"trace\\?": ?\\?"(\w+)\\?"/.exec(bytes.toString("latin1"))?.[1] ?? trace;
  answers.push([answer.status, bytes.toString("base64")]);
}
process.stdout.write(JSON.stringify(answers));
