import { onBeforeUnmount, watch } from 'vue';
import { tinykeys } from 'tinykeys';
import type { Command, CommandContext } from './commands.ts';
import { hasModifier, isTyping, listCommands } from './commands.ts';

/** Binds the keys of every current command to the window; plain keys are left to text fields and dialogs. */
export function useCommandKeys(context: () => CommandContext): void {
  let unbind: (() => void) | undefined;

  function bind(commands: readonly Command[]): void {
    unbind?.();
    const map: Record<string, (event: KeyboardEvent) => void> = {};
    for (const command of [...commands].reverse()) {
      for (const keys of command.keys ?? []) {
        map[keys] = (event) => {
          const isElsewhere = isTyping(event.target) || isInDialog(event.target);
          if (event.defaultPrevented || (isElsewhere && !hasModifier(keys))) return;
          event.preventDefault();
          command.run(context());
        };
      }
    }
    unbind = tinykeys(window, map);
  }

  watch(() => listCommands(context()), bind, { immediate: true });
  onBeforeUnmount(() => unbind?.());
}

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="dialog"]') !== null;
}
