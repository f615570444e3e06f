import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly place: string;
  readonly body: Record<string, unknown>;
  readonly headers: http.IncomingHttpHeaders;
}

/** What the server answers a request: a body, or a status with one. Undefined: 404. */
export type Answer = (
  asked: Asked,
  turn: number,
) => { status?: number; body?: unknown; headers?: http.OutgoingHttpHeaders } | undefined;

/** An HTTP server on this machine that answers as a test says; gone when the test ends. */
export async function serveEndpoint(
  answer: Answer,
): Promise<{ url: string; asked: Asked[]; mostAtOnce: () => number }> {
  const asked: Asked[] = [];
  let now = 0;
  let most = 0;
  const server = http.createServer((request, response) => {
    now += 1;
    most = Math.max(most, now);
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const one = {
        place: request.url ?? '',
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
        headers: request.headers,
      };
      asked.push(one);
      const turn = asked.filter(({ place }) => place === one.place).length;
      const {
        status = 200,
        body = {},
        headers = {},
      } = answer(one, turn) ?? { status: 404, body: { error: 'no' } };
      setTimeout(() => {
        now -= 1;
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      }, 15);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { url: `http://127.0.0.1:${port}/v1`, asked, mostAtOnce: () => most };
}

const usage = { prompt_tokens: 11, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 4 } };

/** Answers as vLLM does for a model that prefers A to B as 3 to 1 and finds each word half as likely as the last. */
export const answerAsVllm: Answer = ({ place, body }) => {
  if (place === '/v1/models')
    return { body: { data: [{ id: 'judge', owned_by: 'vllm', max_model_len: 2_048 }] } };
  if (place === '/tokenize') return { body: { count: String(body.prompt).split(/\s+/).length, tokens: [] } };
  if (place === '/v1/embeddings') return { body: { data: [{ embedding: [3, 4] }] } };
  if (place === '/v1/completions' && body.echo === true) {
    const tokens = [...(String(body.prompt).match(/\s*\S+/g) ?? []), ' next'];
    let offset = 0;
    return {
      body: {
        choices: [
          {
            text: `${String(body.prompt)} next`,
            logprobs: {
              tokens,
              token_logprobs: tokens.map((_, index) => (index === 0 ? null : -index * Math.LN2)),
              text_offset: tokens.map((token) => (offset += token.length) - token.length),
            },
          },
        ],
        usage,
      },
    };
  }
  if (place !== '/v1/chat/completions') return undefined;
  if (body.prompt_logprobs !== undefined) {
    const texts = (body.messages as { content: string }[]).flatMap(
      ({ content }) => content.match(/\s*\S+/g) ?? [],
    );
    const entries = texts.map((text, index) =>
      index === 0 ? null : { [index]: { logprob: -0.5 * index, decoded_token: text } },
    );
    return { body: { choices: [{ message: { content: 'x' } }], prompt_logprobs: entries, usage } };
  }
  if (body.logprobs === true) {
    const top_logprobs = [
      { token: 'A', logprob: Math.log(0.4) },
      { token: ' A', logprob: Math.log(0.2) },
      { token: 'B', logprob: Math.log(0.2) },
      { token: ' B', logprob: Math.log(0.1) },
    ];
    return {
      body: { choices: [{ message: { content: 'A' }, logprobs: { content: [{ top_logprobs }] } }], usage },
    };
  }
  return { body: { choices: [{ message: { content: '{"ok":true}' }, finish_reason: 'stop' }], usage } };
};
