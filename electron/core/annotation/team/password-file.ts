import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The team's password, in one file of the workspace that only its owner may read. It is no part of a snapshot or export. */
export class PasswordFile {
  readonly #file: string;

  constructor(workspace: string) {
    this.#file = path.join(workspace, 'team-password');
  }

  find(): string | null {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : null;
  }

  /** Whole or not at all, and never readable by others in between. */
  store(password: string): void {
    const temporary = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(temporary, password, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, this.#file);
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
