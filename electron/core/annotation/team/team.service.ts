import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { MergeReport, MergeRequest } from '../../../contract/pack.contract.ts';
import { teamAddressPrefix } from '../../../contract/team-address.ts';
import {
  type SharedProject,
  type TeamConnect,
  teamPlaceSchema,
  type TeamSeat,
  type TeamStatus,
  type TeamSync,
} from '../../../contract/team.contract.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { describePlace, isEncrypted, isLocalHost } from './address.ts';
import { releaseClaims } from './claims.ts';
import { mergeInbox } from './exchange.ts';
import { settleRater } from './namesakes.ts';
import { PasswordFile } from './password-file.ts';
import { mergeReceived, previewReceived } from './received.ts';
import { checkTeam, setUpTeam } from './schema.ts';
import { joinProject, type Joined, listSeated, publishProject, registerRaters } from './share-project.ts';
import { TeamLink, type TeamPace, usualPace } from './team-link.ts';
import { listTeamProjects } from './team-projects.ts';
import {
  countAhead,
  countUnsent,
  findConnection,
  findShare,
  listShares,
  readShares,
  removeConnection,
  storeConnection,
  switchConnection,
} from './team.repository.ts';
import { TeamServer, usualLimits } from './team-server.ts';

interface TeamOptions {
  readonly workspace: Pick<Workspace, 'path' | 'name' | 'incoming' | 'database'>;
  /** Called when votes have changed. */
  readonly onChanged: () => Promise<void>;
  /** Called when a project of the team has become a dataset. */
  readonly onOpened: (datasetId: number) => Promise<void>;
  readonly pace?: Partial<TeamPace>;
}

interface SeatIds {
  readonly projectId: number;
  readonly raterId: number;
}

/**
 * A team's shared queue and votes on its own PostgreSQL. Nothing is connected to unless a person has configured it, and
 * nothing waits for it: an answer is on this disk first, and goes to the team when it can be reached.
 */
export class TeamService {
  private readonly database: Database;
  private readonly passwords: PasswordFile;
  private readonly link: TeamLink;
  private sessionPassword: string | null = null;
  private readonly pace: TeamPace;

  constructor(private readonly options: TeamOptions) {
    const { workspace, onChanged } = options;
    this.database = workspace.database;
    this.passwords = new PasswordFile(workspace.path);
    this.pace = { ...usualPace, ...options.pace };
    this.link = new TeamLink({
      database: this.database,
      name: workspace.name.slice(0, 200),
      incoming: workspace.incoming,
      onChanged,
      pace: this.pace,
      openServer: (place) => this.openServer(place),
    });
  }

  private openServer(place: ConstructorParameters<typeof TeamServer>[0]): TeamServer {
    const limits = { ...usualLimits, connectMs: this.pace.connectMs };
    return new TeamServer(place, this.sessionPassword ?? this.passwords.find(), limits);
  }

  /** Where texts and answers go while the team is switched on, in words. */
  async listAddresses(): Promise<string[]> {
    const connection = await this.database.withReader(findConnection);
    return connection?.isOn ? [`${teamAddressPrefix}${describePlace(connection.place)}`] : [];
  }

  /** Goes on with a connection that is switched on; for the long-lived process only. */
  async start(): Promise<void> {
    await this.link.start();
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  async getStatus(): Promise<TeamStatus> {
    const connection = await this.database.withReader(findConnection);
    const projects = await this.database.withReader(readShares);
    const view = this.link.view(connection);
    return {
      ...view,
      place: connection?.place ?? null,
      address: connection ? describePlace(connection.place) : null,
      leavesMachine: connection !== undefined && !isLocalHost(connection.place.host),
      isEncrypted: connection !== undefined && isEncrypted(connection.place),
      hasKeptPassword: this.passwords.find() !== null,
      waiting: projects.reduce((sum, one) => sum + one.waiting, 0),
      projects,
    };
  }

  /**
   * Tries a connection and keeps it. Nothing is kept where it fails.
   * @throws AppError TEAM_ADDRESS_REFUSED, TEAM_UNREACHABLE, TEAM_LOGIN_FAILED, TEAM_TLS_FAILED, TEAM_SCHEMA_MISSING,
   *   TEAM_SCHEMA_NEWER and the others of {@link checkTeam}; TEAM_OTHER while projects of another team are shared here.
   */
  async connect({ password, keepPassword, setUp, ...rest }: TeamConnect): Promise<TeamStatus> {
    const place = teamPlaceSchema.parse(rest);
    const former = await this.database.withReader(findConnection);
    const server = new TeamServer(place, password, { ...usualLimits, connectMs: this.pace.connectMs });
    let teamKey: string;
    try {
      teamKey = await server.transact(async (session) => {
        if (setUp) await setUpTeam(session);
        return checkTeam(session, former?.teamKey ?? null);
      });
    } finally {
      await server.close();
    }
    await this.database.write((session) => storeConnection(session, { teamKey, place }));
    this.keep(password, keepPassword);
    await this.link.restart();
    return this.getStatus();
  }

  private keep(password: string | null, isKept: boolean): void {
    this.sessionPassword = password;
    if (isKept && password !== null) this.passwords.store(password);
    else this.passwords.remove();
  }

  /** Throws TEAM_NONE, TEAM_LOGIN_FAILED and what else a connection throws. */
  async signIn(password: string | null, isKept: boolean): Promise<TeamStatus> {
    await this.requireConnection();
    this.keep(password, isKept);
    await this.link.restart();
    await this.link.round();
    return this.getStatus();
  }

  async switch(isOn: boolean): Promise<TeamStatus> {
    await this.requireConnection();
    await this.database.write((session) => switchConnection(session, isOn));
    await this.link.restart();
    return this.getStatus();
  }

  /** The projects of the team. Throws what a connection throws. */
  async listProjects(): Promise<SharedProject[]> {
    const { server } = await this.link.open();
    const shared = await server.transact(listTeamProjects);
    const here = await this.database.withReader(readShares);
    return shared.map((one) => ({
      ...one,
      projectId: here.find(({ projectKey }) => projectKey === one.projectKey)?.projectId ?? null,
    }));
  }

  /** Throws what `publishProject` throws. */
  async publish(projectId: number): Promise<{ projectKey: string; items: number }> {
    const exchange = await this.link.open();
    const seated = await this.database.withReader((session) => listSeated(session, projectId));
    await registerRaters(exchange, seated);
    const published = await publishProject(exchange, { projectId, leaseSeconds: this.pace.leaseSeconds });
    this.link.wake();
    return published;
  }

  /** Throws what `joinProject` throws. */
  async join(projectKey: string): Promise<Omit<Joined, 'isNew'>> {
    const { isNew, ...joined } = await joinProject(await this.link.open(), projectKey);
    if (isNew) await this.options.onOpened(joined.datasetId);
    this.link.wake();
    return joined;
  }

  /** The status after having tried to reach the team. */
  async check(): Promise<TeamStatus> {
    const connection = await this.database.withReader(findConnection);
    if (connection?.isOn) await this.link.open().catch(() => undefined);
    return this.getStatus();
  }

  /** One round now. Throws what a connection throws. */
  async sync(): Promise<TeamSync> {
    await this.link.open();
    return this.link.round();
  }

  /**
   * Gives a rater items of a shared project to go on with. Waits for the server only where nothing is left, and then briefly;
   * without a server the desk goes on with what is here.
   */
  async fetchItems({ projectId, raterId }: SeatIds): Promise<void> {
    const share = await this.database.withReader((session) => findShare(session, projectId));
    if (!share) return;
    this.link.seat({ projectId, raterId });
    const ahead = await this.database.withReader((session) => countAhead(session, { projectId, raterId }));
    if (ahead >= this.pace.itemsAhead / 2) return;
    const filling = this.link.fill({ projectId, raterId });
    if (ahead > 1) return;
    const patience = new Promise<void>((resolve) => setTimeout(resolve, this.pace.deskWaitMs).unref());
    await Promise.race([filling, patience]);
  }

  /** Answers were stored: they are sent soon. */
  wake(): void {
    this.link.wake();
  }

  /** What the desk of a rater says about the team. */
  async getSeat({ projectId, raterId }: SeatIds): Promise<TeamSeat> {
    const connection = await this.database.withReader(findConnection);
    const share = await this.database.withReader((session) => findShare(session, projectId));
    const { state, failure, retryAt, namesakes } = this.link.view(connection);
    return {
      isShared: share !== undefined,
      state,
      address: connection ? describePlace(connection.place) : null,
      leavesMachine: connection !== undefined && !isLocalHost(connection.place.host),
      waiting: share ? await this.database.withReader((session) => countUnsent(session, share)) : 0,
      ahead: await this.database.withReader((session) => countAhead(session, { projectId, raterId })),
      failure,
      retryAt,
      isNamesake: namesakes.some((one) => one.raterId === raterId),
    };
  }

  /** Throws TEAM_PROJECT_MISSING. */
  async listConflicts(projectId: number): Promise<MergeReport> {
    const { share, merging } = await this.prepareMerge(projectId, { defaults: {}, choices: {} });
    return this.database.withReader((session) => previewReceived(session, share, merging));
  }

  /** Takes what is held back as a person chose, by the rules of packs. Throws TEAM_PROJECT_MISSING. */
  async resolve(
    projectId: number,
    choices: Pick<MergeRequest, 'defaults' | 'choices'>,
  ): Promise<MergeReport> {
    const { share, merging } = await this.prepareMerge(projectId, choices);
    const report = await this.database.write((session) => mergeReceived(session, share, merging));
    await this.options.onChanged();
    this.link.wake();
    return report;
  }

  private async prepareMerge(projectId: number, choices: Pick<MergeRequest, 'defaults' | 'choices'>) {
    const share = await this.database.withReader((session) => findShare(session, projectId));
    if (!share) throw new AppError('TEAM_PROJECT_MISSING', 'No team shares this project.', { projectId });
    const { place } = await this.requireConnection();
    const { incoming } = this.options.workspace;
    return { share, merging: { where: describePlace(place), incoming, choices } };
  }

  /** Says whether a rater here is the person of that name in the team. Throws RATER_MISSING and what a connection throws. */
  async settleRater(raterId: number, isSamePerson: boolean): Promise<TeamStatus> {
    const exchange = await this.link.open();
    await settleRater(exchange, { raterId, isSamePerson, workspace: this.options.workspace.name });
    for (const share of await this.database.withReader(listShares)) await mergeInbox(exchange, share);
    await this.options.onChanged();
    await this.link.round();
    return this.getStatus();
  }

  /**
   * Ends the connection. What waits is sent before; items that are held go back to the others.
   * @throws AppError TEAM_ANSWERS_WAITING where it could not be sent, unless forced
   */
  async leave(force: boolean): Promise<TeamStatus> {
    await this.requireConnection();
    const failure = await this.link
      .round()
      .then(() => this.release())
      .then(() => null, toMessage);
    const { waiting } = await this.getStatus();
    if (waiting > 0 && !force)
      throw new AppError(
        'TEAM_ANSWERS_WAITING',
        `The team was not left: ${waiting} answers have not reached it${failure === null ? '' : ` (${failure})`}. They are safe here; leave when they are sent, or leave all the same and they stay here only.`,
        { waiting },
      );
    await this.database.write(removeConnection);
    this.keep(null, false);
    await this.link.restart();
    return this.getStatus();
  }

  private async release(): Promise<void> {
    const { server, connection } = await this.link.open();
    await server.transact((session) => releaseClaims(session, connection.machineKey));
  }

  private async requireConnection() {
    const connection = await this.database.withReader(findConnection);
    if (connection) return connection;
    throw new AppError('TEAM_NONE', 'This workspace has no team. Connect it to the team’s PostgreSQL first.');
  }
}

const toMessage = (error: unknown) => (error instanceof Error ? error.message : String(error));
