import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type {
  GiveBackRequest,
  HandOffRequest,
  MergeReport,
  MergeRequest,
  OpenedPack,
  PackFile,
  PackSummary,
  Signer,
} from '../../../contract/pack.contract.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { getProject } from '../project.repository.ts';
import { acceptItems } from './accept.ts';
import { checkPack, sealPack } from './container.ts';
import { makeAnswersPayload } from './give-back.ts';
import { closeHandOff, listHandOffs, makeItemsPayload, removeHandOff } from './hand-off.ts';
import { findProjectKey } from './keys.ts';
import { type Incoming, listMerges, mergeAnswers, previewMerge, undoMerge } from './merge.ts';
import { placePack, readPack, writePack } from './pack-file.ts';
import { parsePayload, type Payload } from './payload.ts';
import { openKey, rawPublicKey, signerOf } from './signer.ts';

export interface PackOptions {
  readonly workspace: Pick<Workspace, 'path' | 'name' | 'exports' | 'incoming' | 'media' | 'database'>;
  /** Called when votes have changed. */
  readonly onChanged: () => Promise<void>;
  /** Called when a pack has become a dataset. */
  readonly onOpened: (datasetId: number) => Promise<void>;
}

interface Written {
  readonly file: string;
  readonly bytes: number;
  readonly signer: Signer;
}

/** Hands items of a project to another machine, and takes the answers back. */
export class PackService {
  private readonly database: Database;

  constructor(private readonly options: PackOptions) {
    this.database = options.workspace.database;
  }

  /** Who packs of this workspace are signed by. Throws PACK_KEY_UNREADABLE. */
  identify(): Signer {
    return signerOf(rawPublicKey(openKey(this.options.workspace.path)));
  }

  /** Writes a pack of items. Throws what `makeItemsPayload`, `placePack` and `sealPack` throw. */
  async handOff(
    request: HandOffRequest,
  ): Promise<Written & { handOffId: number; items: number; raters: string[] }> {
    const { workspace } = this.options;
    const { settings } = await this.database.withReader((session) => getProject(session, request.projectId));
    const file = placePack(request, workspace.exports, settings.name);
    const { payload, handOffId } = await this.database.write((session) =>
      makeItemsPayload(session, request, {
        from: fromName(workspace.name),
        file,
        mediaFolder: workspace.media,
      }),
    );
    try {
      const written = await this.write(file, payload, request.passphrase);
      const raters = payload.raters.map((rater) => rater.name);
      return { ...written, handOffId, items: payload.items.length, raters };
    } catch (error) {
      await this.database.write((session) => removeHandOff(session, handOffId));
      throw error;
    }
  }

  async listHandOffs(projectId: number) {
    return this.database.withReader((session) => listHandOffs(session, projectId));
  }

  async closeHandOff(handOffId: number) {
    return this.database.write((session) => closeHandOff(session, handOffId));
  }

  async isBorrowed(projectId: number): Promise<boolean> {
    const key = await this.database.withReader((session) => findProjectKey(session, projectId));
    return (key?.handOffKey ?? null) !== null;
  }

  /** What a pack says of itself; without the passphrase only its outside. Throws what `readPack` and `checkPack` throw. */
  async inspect({ file, passphrase }: PackFile): Promise<PackSummary> {
    const bytes = readPack(file);
    const sealed = checkPack(bytes);
    const signer = signerOf(sealed.publicKey);
    const outside = {
      isEncrypted: sealed.isEncrypted,
      bytes: bytes.length,
      signer,
      isOwn: signer.hex === this.identify().hex,
    };
    if (sealed.isEncrypted && passphrase === null) return { ...outside, kind: null, content: null };
    const payload = parsePayload(await sealed.open(passphrase));
    return {
      ...outside,
      kind: payload.kind,
      content: {
        project: payload.project.name,
        from: payload.from,
        createdAt: payload.createdAt,
        items:
          payload.kind === 'items'
            ? payload.items.length
            : new Set(payload.answers.map((answer) => answer.itemKey)).size,
        answers: payload.kind === 'items' ? 0 : payload.answers.length,
        raters: payload.raters.map((rater) => rater.name),
        questions: payload.project.questions.map((question) => question.title),
      },
    };
  }

  /** Makes a dataset and a project of a pack of items. Throws what `acceptItems` throws, PACK_WRONG_KIND. */
  async open({ file, passphrase }: PackFile): Promise<OpenedPack> {
    const { payload, signer, bytes } = await this.read({ file, passphrase });
    if (payload.kind !== 'items')
      throw new AppError(
        'PACK_WRONG_KIND',
        'The pack was not opened: it holds answers, not items. Merge it into the project it belongs to.',
      );
    const { incoming, media: mediaFolder } = this.options.workspace;
    const opened = await this.database.write((session) =>
      acceptItems(session, { payload, signer, file, bytes, incoming, mediaFolder }),
    );
    if (!opened.wasOpen) await this.options.onOpened(opened.datasetId);
    return opened;
  }

  /** Writes a pack of the answers of a project that came in one. Throws what `makeAnswersPayload` throws. */
  async giveBack(request: GiveBackRequest): Promise<Written & { answers: number; raters: string[] }> {
    const { workspace } = this.options;
    const { settings } = await this.database.withReader((session) => getProject(session, request.projectId));
    const file = placePack(request, workspace.exports, `${settings.name} answers`);
    const payload = await this.database.write((session) =>
      makeAnswersPayload(session, request.projectId, fromName(workspace.name)),
    );
    const written = await this.write(file, payload, request.passphrase);
    return { ...written, answers: payload.answers.length, raters: payload.raters.map((one) => one.name) };
  }

  /** What a merge would do; nothing is written. */
  async plan(request: MergeRequest): Promise<MergeReport> {
    const incoming = await this.readAnswers(request);
    return this.database.withReader((session) => previewMerge(session, incoming));
  }

  /** Takes the answers of a pack; see `mergeAnswers`. Throws PACK_WRONG_KIND, PACK_WRONG_PROJECT. */
  async merge(request: MergeRequest): Promise<MergeReport> {
    const incoming = await this.readAnswers(request);
    const report = await this.database.write((session) => mergeAnswers(session, incoming));
    if (report.mergeId !== null) await this.options.onChanged();
    return report;
  }

  async listMerges(projectId: number) {
    return this.database.withReader((session) => listMerges(session, projectId));
  }

  async undoMerge(mergeId: number): Promise<{ removed: number; kept: number }> {
    const undone = await this.database.write((session) => undoMerge(session, mergeId));
    await this.options.onChanged();
    return undone;
  }

  private async write(file: string, payload: Payload, passphrase: string | null): Promise<Written> {
    const key = openKey(this.options.workspace.path);
    const hasImages = payload.kind === 'items' && payload.images !== undefined;
    const bytes = await sealPack(Buffer.from(JSON.stringify(payload)), { key, passphrase, hasImages });
    writePack(file, bytes, this.options.workspace.incoming);
    return { file, bytes: bytes.length, signer: signerOf(rawPublicKey(key)) };
  }

  private async read({ file, passphrase }: PackFile) {
    const bytes = readPack(file);
    const sealed = checkPack(bytes);
    const payload = parsePayload(await sealed.open(passphrase));
    return { payload, signer: signerOf(sealed.publicKey), bytes: bytes.length };
  }

  private async readAnswers(request: MergeRequest): Promise<Incoming> {
    const { payload, signer } = await this.read(request);
    if (payload.kind !== 'answers')
      throw new AppError(
        'PACK_WRONG_KIND',
        'Nothing was merged: the pack holds items to judge, not answers. Open it on the machine it is for.',
      );
    return { payload, signer, request, incoming: this.options.workspace.incoming };
  }
}

const fromName = (name: string) => name.trim().slice(0, 200) || 'workspace';
