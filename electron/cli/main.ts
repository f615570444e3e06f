#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addAnalysisCommands } from './analysis-commands.ts';
import { addCorpusCommands } from './corpus-commands.ts';
import { addDemoCommand } from './demo-command.ts';
import { tellFailure } from './output.ts';
import { addServeCommands } from './serve-commands.ts';
import { version } from './version.ts';

const program = new Command('assay')
  .description('A workbench for preference data. Everything stays on this machine.')
  .version(version)
  .exitOverride()
  .showHelpAfterError();
addCorpusCommands(program);
addAnalysisCommands(program);
addServeCommands(program);
addDemoCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = tellFailure(error);
}
