/** A folder of the test's own, gone when the test is. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class TempDir implements Disposable {
  readonly path = mkdtempSync(join(realpathSync(tmpdir()), "abr-"));

  /** Writes a file, with the folders it lies in, and returns its path. */
  write(name: string, content: string): string {
    const path = this.file(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
