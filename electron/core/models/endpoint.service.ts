import { createHash } from 'node:crypto';
import type { InferenceModel } from '../../../native/host/inference.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Endpoint, NewEndpoint } from '../../contract/model.contract.ts';
import { requireAllowedHost } from './endpoint-address.ts';
import { createEndpointHttp, type EndpointHttp, type EndpointHttpOptions } from './endpoint-http.ts';
import type { EndpointKeys } from './endpoint-keys.ts';
import { createEndpointModel } from './endpoint-model.ts';
import { probeEndpoint } from './endpoint-probe.ts';
import type { ModelRecord, ModelRepository } from './model.repository.ts';

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A few tries are enough to find out what an endpoint can do. */
const probeAttempts = 2;

function requireEndpoint({ endpoint, name }: ModelRecord): Endpoint {
  if (endpoint) return endpoint;
  throw new AppError('MODEL_MISSING', `${name} is a file on this machine, not an endpoint.`, { name });
}

/** Endpoints a person has added. Each is off until it is switched on, and known to send data to another machine. */
export class EndpointService {
  readonly #open = new Map<string, EndpointHttp>();

  constructor(
    private readonly repository: ModelRepository,
    private readonly keys: EndpointKeys,
    private readonly httpOptions: EndpointHttpOptions = {},
  ) {}

  /** Stores an endpoint, switched off. Throws ENDPOINT_FAILED for a public address that was not confirmed. */
  async add(endpoint: NewEndpoint): Promise<ModelRecord> {
    const { name, url, remoteModel, keyVariable, key, concurrency, contextSize, confirmPublic } = endpoint;
    const address = new URL(url);
    if (address.username !== '' || address.password !== '') {
      throw new AppError(
        'ENDPOINT_FAILED',
        'The endpoint was not added: its address holds a password, which would be stored in the workspace. Enter it as the key.',
      );
    }
    requireAllowedHost(address, confirmPublic);
    const hash = createHash('sha256').update(`${url}\n${remoteModel}`).digest('hex');
    const record = await this.repository.insert({
      ...{ name, kind: 'endpoint', hash, path: null, capabilities: [], facts: null },
      settings: { gpuLayers: 'auto', contextSize, sequences: 'auto' },
      endpoint: {
        ...{ url, remoteModel, keyVariable, concurrency },
        ...{ hasStoredKey: key !== null, isEnabled: false, isPublicConfirmed: confirmPublic },
      },
    });
    if (key !== null) this.keys.store(record.modelId, key);
    return record;
  }

  /** Asks the endpoint what it can do, and stores it. */
  async test(record: ModelRecord, { signal }: CallOptions = {}): Promise<ModelRecord> {
    const { remoteModel } = requireEndpoint(record);
    const http = this.#connect(record, { ...this.httpOptions, mostAttempts: probeAttempts });
    try {
      return await this.repository.setTraits(record.modelId, await probeEndpoint(http, remoteModel, signal));
    } finally {
      http.close();
    }
  }

  /** The endpoint as a model, tried out once where it was not yet. Throws ENDPOINT_FAILED where it is switched off. */
  async open(stored: ModelRecord, options: CallOptions = {}): Promise<InferenceModel> {
    if (!requireEndpoint(stored).isEnabled) {
      throw new AppError(
        'ENDPOINT_FAILED',
        `The endpoint ${stored.name} was not used: it is switched off. Switch it on; your data is then sent to ${stored.endpoint?.url}.`,
        { modelId: stored.modelId },
      );
    }
    const record = stored.endpoint?.traits ? stored : await this.test(stored, options);
    const { traits, remoteModel, concurrency } = requireEndpoint(record);
    if (!traits) throw new Error('a tested endpoint has traits');
    let http = this.#open.get(record.modelId);
    if (!http) {
      http = this.#connect(record, this.httpOptions);
      this.#open.set(record.modelId, http);
    }
    return createEndpointModel({
      ...{ http, remoteModel, traits, concurrency },
      identity: {
        ...{ name: record.name, hash: record.hash, kind: 'endpoint', architecture: null, quantisation: null },
        contextSize: traits.contextSize ?? record.settings.contextSize,
        capabilities: traits.capabilities,
      },
    });
  }

  /** Ends the connections to an endpoint, and forgets its key. */
  forget({ modelId }: ModelRecord, { keepsKey = false }: { readonly keepsKey?: boolean } = {}): void {
    this.#open.get(modelId)?.close();
    this.#open.delete(modelId);
    if (!keepsKey) this.keys.remove(modelId);
  }

  close(): void {
    for (const http of this.#open.values()) http.close();
    this.#open.clear();
  }

  #connect(record: ModelRecord, options: EndpointHttpOptions): EndpointHttp {
    const endpoint = requireEndpoint(record);
    const { url, isPublicConfirmed, concurrency } = endpoint;
    const key = this.keys.find(record.modelId, endpoint);
    return createEndpointHttp({ url, key, isPublicConfirmed, concurrency }, options);
  }
}
