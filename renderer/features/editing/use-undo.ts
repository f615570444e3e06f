import { useEventListener } from '@vueuse/core';
import { isTyping, usePageCommands } from '../../app/commands.ts';
import { useJobFeed } from '../../app/job-feed.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';
import { useEditRun } from './use-edit-run.ts';

export interface Undo {
  undo(operationId?: string): Promise<void>;
  redo(operationId?: string): Promise<void>;
}

/**
 * Undo and redo of a dataset, by Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y) and from the palette; a notice names what was taken
 * back. In a text field the keys belong to the field.
 */
export function useUndo(datasetId: () => number, onChanged: () => void): Undo {
  const client = useClient();
  const shell = useShellStore();
  const { t } = useText();
  const run = useEditRun(useJobFeed(), onChanged);

  async function reverse(direction: 'undo' | 'redo', operationId?: string): Promise<void> {
    try {
      const started = await client.edit[direction]({
        datasetId: datasetId(),
        ...(operationId !== undefined && { operationId }),
      });
      await run.follow(started, direction === 'undo' ? 'editing.undone' : 'editing.redone');
    } catch (error) {
      const failure = toFailure(error);
      const isIdle = failure.code === 'EDIT_NOTHING' && operationId === undefined;
      shell.notify(
        isIdle
          ? t(direction === 'undo' ? 'editing.nothingToUndo' : 'editing.nothingToRedo')
          : failure.message,
      );
    }
  }

  const undo = (operationId?: string) => reverse('undo', operationId);
  const redo = (operationId?: string) => reverse('redo', operationId);
  usePageCommands([
    { id: 'edit.undo', titleKey: 'editing.undo', run: () => void undo() },
    { id: 'edit.redo', titleKey: 'editing.redo', run: () => void redo() },
  ]);
  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
    const inDialog = event.target instanceof Element && event.target.closest('[role="dialog"]') !== null;
    if (isTyping(event.target) || inDialog) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    void (key === 'y' || event.shiftKey ? redo() : undo());
  });
  return { undo, redo };
}
