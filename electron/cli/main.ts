#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addAnalysisCommands } from './analysis-commands.ts';
import { addConstitutionCommands } from './constitution-commands.ts';
import { addConstitutionExchange } from './constitution-exchange.ts';
import { addAnnotationCommands } from './annotation-commands.ts';
import { addCorpusCommands } from './corpus-commands.ts';
import { addDatasheetCommand } from './datasheet-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { addEditingCommands } from './editing-commands.ts';
import { addExportCommand } from './export-command.ts';
import { addJudgingCommands } from './judging-commands.ts';
import { addModelCommands } from './model-commands.ts';
import { tellFailure } from './output.ts';
import { addPackCommands } from './pack-commands.ts';
import { addRecipeCommands } from './recipe-commands.ts';
import { addRationaleCommands } from './rationale-commands.ts';
import { addServeCommands } from './serve-commands.ts';
import { addTeamCommands } from './team-commands.ts';
import { version } from './version.ts';

const program = new Command('assay')
  .description('A workbench for preference data. Everything stays on this machine.')
  .version(version)
  .exitOverride()
  .showHelpAfterError();
addCorpusCommands(program);
addEditingCommands(program);
addExportCommand(program);
addAnalysisCommands(program);
addConstitutionCommands(program);
addConstitutionExchange(program);
addDatasheetCommand(program);
addModelCommands(program);
addJudgingCommands(program);
addRationaleCommands(program);
addAnnotationCommands(program);
addPackCommands(program);
addTeamCommands(program);
addRecipeCommands(program);
addServeCommands(program);
addDemoCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = tellFailure(error);
}
