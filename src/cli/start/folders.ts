/** The plugins of folders: the code that loads them comes in when there are folders, or on SIGHUP. */
import * as sdk from "../../index.ts";
import type { FolderPlugins, FolderSettings, Loaded } from "../../plugin/reload.ts";
import { provideSdk } from "../../plugin/sdk-module.ts";
import type { Runner } from "../../rpc/runner.ts";

export class PluginFolders {
  #plugins: Promise<FolderPlugins> | undefined;

  constructor(private readonly runner: Runner) {}

  /** Loads all files afresh; resolves when calls run the new code. */
  async load(settings: FolderSettings): Promise<Loaded> {
    this.#plugins ??= this.#make();
    const plugins = await this.#plugins;
    plugins.configure(settings);
    return plugins.load();
  }

  async #make(): Promise<FolderPlugins> {
    provideSdk({ "apisix-bun-runner": sdk });
    const { folderPlugins } = await import("../../plugin/reload.ts");
    return folderPlugins(this.runner);
  }
}
