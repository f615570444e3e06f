import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder, runAssay } from '../../support/e2e/command.ts';
import { buildTestModel } from '../../support/models/test-models.ts';
import { writeBrokenModel } from '../../support/models/broken-models.ts';

const { folder, remove } = makeFolder('assay-models-cli');
afterAll(remove);
const workspace = path.join(folder, 'w.assay');

it('adds, lists, inspects, measures and removes a model from the command line', async () => {
  const file = path.join(folder, 'judge.gguf');
  await buildTestModel('marker-judge', file);
  const run = async (...words: string[]) => {
    const { code, stdout, stderr } = await runAssay(['models', ...words, '--workspace', workspace, '--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return JSON.parse(stdout) as unknown;
  };
  expect(await run('add', file)).toMatchObject({ added: [{ name: 'judge' }], refused: [] });
  expect(await run('list')).toMatchObject([{ name: 'judge', capabilities: ['score', 'decide', 'generate'] }]);
  expect(await run('inspect', file)).toMatchObject({ architecture: 'llama', license: 'apache-2.0' });
  expect(await run('bench', 'judge')).toMatchObject({
    name: 'judge',
    benchmark: { promptTokensPerSecond: expect.any(Number) as number },
  });
  expect(await run('remove', 'judge')).toMatchObject({ removed: true });
});

it('says why a file was refused, with status 1', async () => {
  const file = path.join(folder, 'cut.gguf');
  await writeBrokenModel(file, 'cut off in the metadata');
  const { code, stderr } = await runAssay(['models', 'add', file, '--workspace', workspace]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cut\.gguf cannot be used as a model.*MODEL_FILE_INVALID/s);
});
