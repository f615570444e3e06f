import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { letterForms } from '../../../electron/core/judging/verdict.ts';
import { isPrivateAddress } from '../../../electron/core/models/endpoint-address.ts';
import { createEndpointHttp } from '../../../electron/core/models/endpoint-http.ts';
import { takeContinuation } from '../../../electron/core/models/endpoint-model.ts';
import { answerAsVllm, serveEndpoint } from './endpoint-server.ts';
import { openCoreForTest } from './models-under-test.ts';

const question = { messages: [{ role: 'user' as const, content: 'Which?' }], answer: 'Better:' };

const makeEndpoint = (url: string, more: object = {}) => ({
  name: 'far',
  url,
  remoteModel: 'judge',
  keyVariable: null,
  key: null,
  concurrency: 4,
  contextSize: 4_096,
  confirmPublic: false,
  ...more,
});

async function openEndpoint(url: string, more: object = {}) {
  const core = await openCoreForTest();
  const { models } = core.services;
  const { modelId } = await models.addEndpoint(makeEndpoint(url, more));
  await models.enableEndpoint(modelId, true);
  return { core, models, modelId, model: await models.acquire('far') };
}

describe('an endpoint as a model', () => {
  it('is found out once, and answers with the arithmetic of the field', async () => {
    const { url, asked } = await serveEndpoint(answerAsVllm);
    const { models, model } = await openEndpoint(url);
    const stored = await models.get('far');
    expect(stored).toMatchObject({ kind: 'endpoint', leavesMachine: true, isPresent: true });
    expect(stored.endpoint?.traits).toMatchObject({
      server: 'vllm',
      scoring: 'prompt',
      contextSize: 2_048,
      countsTokens: true,
      capabilities: ['score', 'decide', 'generate', 'embed'],
    });
    // By hand: A .4 + ' A' .2 against B .2 + ' B' .1 (judging spec 0.1).
    const { probabilities, coverage, use } = await model.decide(question, letterForms);
    expect(probabilities[0]).toBeCloseTo(2 / 3, 6);
    expect(coverage).toBeCloseTo(0.9, 6);
    expect(use).toEqual({ prompt: 11, reused: 4, generated: 1 });
    const last = asked.at(-1)?.body;
    expect(last?.messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'Better:' }]);
    expect(last).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
    expect([...(await model.embed('x'))]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect(await model.countTokens('one two three')).toBe(3);
    await expect(model.rank('a', 'b')).rejects.toMatchObject({ code: 'MODEL_LACKS_CAPABILITY' });
  });

  it('scores only the continuation: of text by echo, of a conversation by the prompt’s own probabilities', async () => {
    const { url } = await serveEndpoint(answerAsVllm);
    const { model } = await openEndpoint(url);
    // The words of 'a b c d' have ln p of null, -1, -2, -3 times ln 2; the last two are asked for.
    const text = await model.score({ text: 'a b' }, ' c d');
    expect(text).toMatchObject({ count: 2 });
    expect(text.sum).toBeCloseTo(-5 * Math.LN2, 9);
    // 'Which?', 'Better:', ' yes', ' sir': the last two have -0.5 times 2 and 3.
    const chat = await model.score(question, ' yes sir');
    expect(chat.logprobs).toEqual([-1, -1.5]);
  });

  it('passes schema, seed and temperature on, and tells where it stopped', async () => {
    const { url, asked } = await serveEndpoint(answerAsVllm);
    const { model } = await openEndpoint(url);
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } } };
    const heard: string[] = [];
    const { text, finish } = await model.generate(question, {
      ...{ schema, temperature: 0.5, seed: 9, maxTokens: 7 },
      onText: (piece) => heard.push(piece),
    });
    expect({ text, finish, heard: heard.join('') }).toEqual({
      text: '{"ok":true}',
      finish: 'stop',
      heard: text,
    });
    expect(asked.at(-1)?.body).toMatchObject({
      ...{ temperature: 0.5, seed: 9, max_tokens: 7 },
      response_format: { type: 'json_schema', json_schema: { schema } },
    });
  });

  it('keeps many requests in flight, never more than agreed', async () => {
    const { url, mostAtOnce } = await serveEndpoint(answerAsVllm);
    const { model } = await openEndpoint(url);
    await Promise.all(Array.from({ length: 20 }, () => model.decide(question, letterForms)));
    expect(model.concurrency).toBe(4);
    expect(mostAtOnce()).toBe(4);
  });

  it('tells a page that something may leave the machine, only while it is switched on', async () => {
    const { url } = await serveEndpoint(answerAsVllm);
    const { core, models, modelId } = await openEndpoint(url);
    expect(await models.listEndpoints()).toEqual([`far (${url})`]);
    await models.enableEndpoint(modelId, false);
    expect(await models.listEndpoints()).toEqual([]);
    await expect(core.services.models.acquire('far')).rejects.toThrow(/switched off/);
  });

  it('keeps a key in a file of the owner alone, outside the workspace, and sends it', async () => {
    const { url, asked } = await serveEndpoint(answerAsVllm);
    const { core, models, modelId } = await openEndpoint(url, { key: 'sk-very-secret' });
    expect(asked.at(-1)?.headers.authorization).toBe('Bearer sk-very-secret');
    const file = path.join(core.userDirectory, 'endpoint-keys.json');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(await models.list())).not.toContain('sk-very-secret');
    const rows = await core.services.console.rows('SELECT * FROM endpoint');
    expect(JSON.stringify(rows)).not.toContain('sk-very-secret');
    await models.remove(modelId);
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  it('names the variable a key should be in and is not', async () => {
    const core = await openCoreForTest();
    const endpoint = makeEndpoint('http://127.0.0.1:9/v1', { keyVariable: 'ASSAY_TEST_NO_SUCH_KEY' });
    const { modelId } = await core.services.models.addEndpoint(endpoint);
    await expect(core.services.models.testEndpoint(modelId)).rejects.toThrow(/ASSAY_TEST_NO_SUCH_KEY/);
  });
});

describe('requests to an endpoint', () => {
  const connect = (url: string, more: object = {}) =>
    createEndpointHttp(
      { url, key: null, isPublicConfirmed: false, concurrency: 2 },
      { pauseMs: 2, random: () => 0.5, timeoutMs: 200, ...more },
    );

  it('are repeated after 429 and 5xx, and not after a refusal', async () => {
    const busy = await serveEndpoint((_asked, turn) =>
      turn < 3 ? { status: turn === 1 ? 429 : 503 } : { body: { fine: 1 } },
    );
    expect(await connect(busy.url).request('x', {})).toEqual({ fine: 1 });
    expect(busy.asked).toHaveLength(3);
    const strict = await serveEndpoint(() => ({ status: 401, body: { error: { message: 'bad key' } } }));
    await expect(connect(strict.url).request('x', {})).rejects.toThrow(/401 bad key. Check the key/);
    expect(strict.asked).toHaveLength(1);
  });

  it('give up in the end, saying what the server said', async () => {
    const down = await serveEndpoint(() => ({ status: 503, body: { error: { message: 'loading' } } }));
    await expect(connect(down.url, { mostAttempts: 3 }).request('x', {})).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      details: { status: 503, message: 'loading' },
    });
    expect(down.asked).toHaveLength(3);
    await expect(connect('http://127.0.0.1:9/v1', { mostAttempts: 2 }).request('x')).rejects.toThrow(
      /could not be reached/,
    );
  });

  it('tell an input that is too long from other refusals', async () => {
    const { url } = await serveEndpoint(() => ({
      status: 400,
      body: { error: { message: "This model's maximum context length is 2048 tokens." } },
    }));
    await expect(connect(url).request('x', {})).rejects.toMatchObject({ code: 'INPUT_TOO_LONG' });
  });

  it('follow no redirect, which could carry the data elsewhere', async () => {
    const other = await serveEndpoint(() => ({ body: {} }));
    const { url } = await serveEndpoint(() => ({ status: 307, headers: { location: `${other.url}/x` } }));
    await expect(connect(url).request('x', { secret: 1 })).rejects.toThrow(/sends its callers elsewhere/);
    expect(other.asked).toHaveLength(0);
  });

  it('go to no public address that was not confirmed', async () => {
    await expect(connect('http://8.8.8.8/v1').request('x', {})).rejects.toThrow(/not on a private network/);
    const core = await openCoreForTest();
    await expect(core.services.models.addEndpoint(makeEndpoint('https://8.8.8.8/v1'))).rejects.toThrow(
      /private network/,
    );
    await expect(
      core.services.models.addEndpoint(makeEndpoint('http://me:pass@10.0.0.1/v1')),
    ).rejects.toThrow(/holds a password/);
  });

  it('end at once when they are cancelled, also between two attempts', async () => {
    const { url } = await serveEndpoint(() => ({ status: 503 }));
    const controller = new AbortController();
    const call = connect(url, { pauseMs: 10_000 }).request('x', {}, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 80);
    await expect(call).rejects.toThrow('enough');
  });
});

describe('addresses', () => {
  // RFC 1918, RFC 4193, RFC 3927, RFC 6598 and their neighbours.
  it.each([
    ['127.0.0.1', true],
    ['10.255.0.1', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['192.169.1.1', false],
    ['100.64.0.1', true],
    ['169.254.1.1', true],
    ['::1', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['2001:4860:4860::8888', false],
    ['8.8.8.8', false],
    ['example.org', false],
  ])('%s is private: %s', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });
});

describe('the tokens of a continuation', () => {
  const tokens = [
    { text: 'The', logprob: null },
    { text: ' end', logprob: -1 },
    { text: 'ing', logprob: -2 },
  ];
  it('are the last ones that spell it', () => expect(takeContinuation(tokens, ' ending')).toEqual([-1, -2]));
  it('are not told where a token spans the border', () =>
    expect(takeContinuation(tokens, 'nding')).toBeUndefined());
});
