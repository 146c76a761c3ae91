// Beside every text and wasm file of a folder its `.br` and `.gz`, for servers that hand these out as they lie
// (nginx: `brotli_static on; gzip_static on`): compress.mjs FOLDER. Prints what the wasm files become.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const folder = process.argv[2];
const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(wasm|js|css|html|svg|json|ftl)$/.test(name));
await Promise.all(names.map(async (name) => {
  const bytes = await readFile(join(folder, name));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const [br, gz] = await Promise.all([promisify(brotliCompress)(bytes, { params }), promisify(gzip)(bytes, { level: 9 })]);
  await Promise.all([writeFile(join(folder, `${name}.br`), br), writeFile(join(folder, `${name}.gz`), gz)]);
  if (name.endsWith(".wasm")) console.log(`${name}: ${bytes.length} bytes, ${br.length} as .br, ${gz.length} as .gz`);
}));
