import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import { getProtocol } from './protocols/registry.ts';
import type { ProtocolTemplate } from './protocol.ts';
import { parseTemplate, type PromptTemplate, requirePlaceholders } from './template.ts';

export interface TemplateVersion {
  readonly hash: string;
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly createdAt: string;
}

/** What templates belong to: a protocol, or another kind of asking. */
export interface TemplateOwner {
  readonly id: string;
  readonly title: string;
  readonly templates: readonly ProtocolTemplate[];
}

const columns = `hash, name, title, text, created_at AS "createdAt"`;

/** Prompt templates a person has edited, by hash; a version that was ever used is never changed. */
export class TemplateRepository {
  constructor(
    private readonly database: Database,
    private readonly getOwner: (id: string) => TemplateOwner = getProtocol,
  ) {}

  /** Edited versions of a protocol's templates, newest first. */
  async list(protocol: string): Promise<TemplateVersion[]> {
    return this.database.all(
      `SELECT ${columns} FROM prompt_template WHERE protocol = ? ORDER BY created_at DESC, hash`,
      [protocol],
    );
  }

  /** Keeps a version, once per text. Throws TEMPLATE_INVALID. */
  async save(version: {
    protocol: string;
    name: string;
    title: string;
    text: string;
  }): Promise<TemplateVersion> {
    const template = parseTemplate(version.text);
    requirePlaceholders(template, getShipped(this.getOwner(version.protocol), version.name));
    return this.database.write(async (session) => {
      await session.run('DELETE FROM prompt_template WHERE hash = ? AND protocol = ? AND name = ?', [
        template.hash,
        version.protocol,
        version.name,
      ]);
      await session.run(
        'INSERT INTO prompt_template (hash, protocol, name, title, text) VALUES (?, ?, ?, ?, ?)',
        [template.hash, version.protocol, version.name, version.title, version.text],
      );
      return session.one<TemplateVersion>(
        `SELECT ${columns} FROM prompt_template WHERE hash = ? AND protocol = ? AND name = ?`,
        [template.hash, version.protocol, version.name],
      );
    });
  }

  /**
   * Every template of a protocol: the unsaved text given for it, else the version of the given hash, else the shipped one.
   * Throws TEMPLATE_INVALID.
   */
  async choose(
    protocol: TemplateOwner,
    hashes: Readonly<Record<string, string>>,
    texts: Readonly<Record<string, string>> = {},
  ): Promise<Map<string, PromptTemplate>> {
    const chosen = new Map<string, PromptTemplate>();
    for (const shipped of protocol.templates) {
      const unsaved = texts[shipped.name];
      if (unsaved !== undefined) {
        const parsed = parseTemplate(unsaved);
        requirePlaceholders(parsed, shipped);
        chosen.set(shipped.name, parsed);
        continue;
      }
      const template = parseTemplate(shipped.text);
      const hash = hashes[shipped.name];
      chosen.set(
        shipped.name,
        hash === undefined || hash === template.hash
          ? template
          : await this.read(protocol.id, shipped.name, hash),
      );
    }
    return chosen;
  }

  private async read(protocol: string, name: string, hash: string): Promise<PromptTemplate> {
    const row = await this.database.find<{ text: string }>(
      'SELECT text FROM prompt_template WHERE protocol = ? AND name = ? AND hash = ?',
      [protocol, name, hash],
    );
    if (row) return parseTemplate(row.text);
    throw new AppError(
      'TEMPLATE_INVALID',
      `Nothing was judged: this workspace has no version ${hash} of the template “${name}”. Save it here first, or use the shipped one.`,
      { hash },
    );
  }
}

function getShipped(protocol: TemplateOwner, name: string): ProtocolTemplate {
  const shipped = protocol.templates.find((template) => template.name === name);
  if (shipped) return shipped;
  throw new AppError('TEMPLATE_INVALID', `Not saved: ${protocol.title} has no template called “${name}”.`);
}
