/** Hands the SDK inside the executable to plugin files that import it by name. */

/**
 * Makes `import … from "apisix-bun-runner"` in plugin files mean these exports: the same instances
 * that the runner uses, so that `extends Base` and `instanceof HttpError` hold across both.
 */
export function provideSdk(modules: Readonly<Record<string, object>>): void {
  Bun.plugin({
    name: "apisix-bun-runner SDK",
    setup(build) {
      for (const [specifier, exports] of Object.entries(modules)) {
        build.module(specifier, () => ({ exports: { ...exports }, loader: "object" }));
      }
    },
  });
}
