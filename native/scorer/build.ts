import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** What llama.h includes, from the release node-llama-cpp is made of. */
const headers = [
  'include/llama.h',
  ...['ggml.h', 'ggml-alloc.h', 'ggml-backend.h', 'ggml-cpu.h', 'ggml-opt.h', 'gguf.h'].map(
    (name) => `ggml/include/${name}`,
  ),
];

const run = promisify(execFile);
const say = (line: string) => void process.stdout.write(`${line}\n`);

interface Sources {
  /** E.g. `v0.5.0`. */
  readonly release: string;
  readonly bundle: string;
}

async function findSources(): Promise<Sources> {
  const entry = createRequire(path.resolve('package.json')).resolve('node-llama-cpp');
  const folder = path.join(path.dirname(entry), '..', 'llama');
  const text = await readFile(path.join(folder, 'binariesGithubRelease.json'), 'utf8');
  const { release } = JSON.parse(text) as { release: string }; // the package's own file
  return { release, bundle: path.join(folder, 'gitRelease.bundle') };
}

/** Takes the headers out of the bundle; answers what they are by content. */
async function extractHeaders({ bundle }: Sources, folder: string): Promise<string> {
  const repository = path.join(folder, 'sources.git');
  await run('git', ['init', '--quiet', '--bare', repository]);
  await run('git', ['-C', repository, 'fetch', '--quiet', '--depth', '1', bundle, 'HEAD']);
  const digest = createHash('sha256');
  for (const header of headers) {
    const { stdout } = await run('git', ['-C', repository, 'show', `FETCH_HEAD:${header}`], {
      maxBuffer: 2 ** 24,
    });
    digest.update(stdout);
    await writeFile(path.join(folder, path.basename(header)), stdout);
  }
  return digest.digest('hex').slice(0, 12);
}

/** Node's own headers: of this Node, or of the folder `npm_config_nodedir` names. */
function findNodeHeaders(): string {
  const roots = [process.env.npm_config_nodedir, path.join(path.dirname(process.execPath), '..')];
  const places = roots.flatMap((root) => (root ? [path.join(root, 'include', 'node')] : []));
  const found = places.find((place) => existsSync(path.join(place, 'node_api.h')));
  if (!found) throw new Error(`there is no node_api.h in ${places.join(', ')}; set npm_config_nodedir`);
  return found;
}

function listFlags(release: string): string[] {
  const isMac = process.platform === 'darwin';
  return [
    ...['-std=c++17', '-O3', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-pthread'],
    // Vectors need a free order of comparisons; NaN stays NaN. The probe of the layout needs its canary kept.
    ...['-fno-math-errno', '-fno-trapping-math', ...(isMac ? [] : ['-fno-lifetime-dse'])],
    ...['-DNAPI_VERSION=8', `-DASSAY_LLAMA_RELEASE="${release}"`],
    ...(isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
  ];
}

async function build(): Promise<void> {
  if (process.platform === 'win32') {
    say('native scorer: not built on Windows; log-probabilities take the slow path there');
    return;
  }
  const compiler = process.env.CXX ?? 'c++';
  const sources = await findSources();
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-scorer-'));
  try {
    const digest = await extractHeaders(sources, folder);
    const file = path.resolve('out/native', `scorer-${process.platform}-${process.arch}.node`);
    const draft = path.join(path.dirname(file), `.scorer-${process.pid}.node`);
    await mkdir(path.dirname(file), { recursive: true });
    await run(compiler, [
      ...listFlags(sources.release),
      ...['-I', folder, '-isystem', findNodeHeaders()],
      ...[path.resolve('native/scorer/scorer.cpp'), '-o', draft],
      ...(process.platform === 'linux' ? ['-ldl'] : []),
    ]);
    // A process that runs keeps the file it has open.
    await rename(draft, file);
    const bytes = (await readFile(file)).length;
    say(
      `native scorer: ${path.relative('.', file)}, ${bytes} bytes, llama.cpp ${sources.release}, headers ${digest}`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await build();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`native scorer: not built, log-probabilities take the slow path (${why})\n`);
  // Without a compiler the program is whole all the same; --required is for those who ship it.
  process.exitCode = process.argv.includes('--required') ? 1 : 0;
}
