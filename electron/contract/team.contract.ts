import { oc } from '@orpc/contract';
import { z } from 'zod';
import { conflictKinds, mergeReportSchema, resolutionSchema } from './pack.contract.ts';

const id = z.number().int();
const count = z.number().int();

/** Where the team's PostgreSQL is. The password is no part of it. */
export const teamPlaceSchema = z.object({
  /** A name, an address, or the absolute folder of a local socket. */
  host: z.string().trim().min(1).max(255),
  port: z.number().int().min(1).max(65_535).default(5_432),
  database: z.string().trim().min(1).max(63),
  user: z.string().trim().min(1).max(63),
  /** `verify`: encrypted, the server's certificate checked. `off`: plain. Absent: plain on this machine, else `verify`. */
  tls: z.enum(['verify', 'off']).nullable().default(null),
  /** A PEM file of authorities to trust in place of those of the system. */
  caFile: z.string().trim().min(1).max(4_096).nullable().default(null),
  /** Data and password may go unencrypted over the network. */
  confirmPlain: z.boolean().default(false),
  /** The server may be on the public internet. */
  confirmPublic: z.boolean().default(false),
});
export type TeamPlace = z.infer<typeof teamPlaceSchema>;

const password = {
  password: z.string().max(1_000).nullable().default(null),
  /** Kept in a file of the workspace that only its owner may read; else asked for after each start. */
  keepPassword: z.boolean().default(false),
};

export const teamConnectSchema = teamPlaceSchema.extend({
  ...password,
  /** Makes the tables in the database, or brings them to the version of this program. */
  setUp: z.boolean().default(false),
});
export type TeamConnect = z.infer<typeof teamConnectSchema>;

/**
 * `none`: no team. `off`: switched off. `password`: it has to be entered. `connecting`: not yet known. `online`.
 * `offline`: not reached; tried again by itself. `refused`: reached, but a person has to put something right.
 */
export const teamStates = ['none', 'off', 'password', 'connecting', 'online', 'offline', 'refused'] as const;

const failureSchema = z.object({ code: z.string(), message: z.string() });

export const teamStatusSchema = z.object({
  state: z.enum(teamStates),
  place: teamPlaceSchema.nullable(),
  /** `user@host:port/database`, for people. */
  address: z.string().nullable(),
  /** The server is another machine. */
  leavesMachine: z.boolean(),
  isEncrypted: z.boolean(),
  hasKeptPassword: z.boolean(),
  failure: failureSchema.nullable(),
  /** When it is tried again; null while that is not known. */
  retryAt: z.string().nullable(),
  syncedAt: z.string().nullable(),
  /** Answers that are on this disk and not yet with the team. */
  waiting: count,
  projects: z.array(
    z.object({
      projectId: id,
      datasetId: id,
      projectKey: z.string(),
      name: z.string(),
      isOwn: z.boolean(),
      waiting: count,
      sent: count,
      /** Answers of others that are held back by a conflict. */
      heldBack: count,
    }),
  ),
  /** Raters whose name somebody else in the team already has: their answers wait until that is settled. */
  namesakes: z.array(z.object({ raterId: id, name: z.string() })),
});
export type TeamStatus = z.infer<typeof teamStatusSchema>;

export const sharedProjectSchema = z.object({
  projectKey: z.string(),
  name: z.string(),
  dataset: z.string(),
  from: z.string(),
  publishedAt: z.string(),
  overlap: count,
  items: count,
  /** Items with answers of as many raters as the overlap asks for. */
  complete: count,
  answers: count,
  raters: count,
  /** The project here; null where it was not joined. */
  projectId: id.nullable(),
});
export type SharedProject = z.infer<typeof sharedProjectSchema>;

export const teamSeatSchema = z.object({
  isShared: z.boolean(),
  state: z.enum(teamStates),
  address: z.string().nullable(),
  leavesMachine: z.boolean(),
  waiting: count,
  /** Items this rater has been given and not answered: what can be done without the server. */
  ahead: count,
  failure: failureSchema.nullable(),
  retryAt: z.string().nullable(),
  /** The name is somebody else's in the team. */
  isNamesake: z.boolean(),
});
export type TeamSeat = z.infer<typeof teamSeatSchema>;

export const teamSyncSchema = z.object({
  /** Answers that went to the team. */
  sent: count,
  /** Answers of others that came. */
  received: count,
  taken: count,
  /** Came in a form that is not understood, and were left out. */
  unreadable: count,
});
export type TeamSync = z.infer<typeof teamSyncSchema>;

const seat = { projectId: id, raterId: id };

export const teamContract = {
  team: {
    status: oc.output(teamStatusSchema),
    connect: oc.input(teamConnectSchema).output(teamStatusSchema),
    /** Gives the password again, after a start or a change of it. */
    signIn: oc.input(z.object(password)).output(teamStatusSchema),
    switch: oc.input(z.object({ isOn: z.boolean() })).output(teamStatusSchema),
    projects: oc.output(z.array(sharedProjectSchema)),
    publish: oc.input(z.object({ projectId: id })).output(z.object({ projectKey: z.string(), items: count })),
    join: oc
      .input(z.object({ projectKey: z.guid() }))
      .output(z.object({ projectId: id, datasetId: id, dataset: z.string(), items: count })),
    /** One round now: sends what waits, fetches what others said. */
    sync: oc.output(teamSyncSchema),
    seat: oc.input(z.object(seat)).output(teamSeatSchema),
    /** What is held back, as a merge report. */
    conflicts: oc.input(z.object({ projectId: id })).output(mergeReportSchema),
    resolve: oc
      .input(
        z.object({
          projectId: id,
          defaults: z.partialRecord(z.enum(conflictKinds), resolutionSchema).default({}),
          choices: z.record(z.string().max(200), resolutionSchema).default({}),
        }),
      )
      .output(mergeReportSchema),
    /** Says whether a rater here is the one of that name in the team. */
    settleRater: oc.input(z.object({ raterId: id, isSamePerson: z.boolean() })).output(teamStatusSchema),
    /** Ends the connection; projects and answers stay here. Refused while answers wait, unless forced. */
    leave: oc.input(z.object({ force: z.boolean().default(false) })).output(teamStatusSchema),
  },
};
