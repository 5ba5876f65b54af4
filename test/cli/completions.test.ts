/** `completions`: what each shell offers, asked of the shell itself; `man`: read by man and mandoc. */
import { describe, expect, test } from "bun:test";
import { Command, Option } from "commander";
import { completionScript } from "../../src/cli/completions/script.ts";
import { manualPage } from "../../src/cli/man/page.ts";
import { createProgram } from "../../src/cli/program.ts";
import { settings } from "../../src/config/settings.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";
import { TerminalProgram } from "../support/terminal.ts";

const program = createProgram({ bundled: [], carried: "" });
const PLUGINS = ["say", "stop"];

/** Words that are written, the last of them unfinished, and what may stand in its place. */
const OFFERS: [line: string, offered: string[]][] = [
  ["do", ["doctor"]],
  ["st", ["start"]],
  ["--log-f", ["--log-file", "--log-format"]],
  ["--log-level d", ["debug"]],
  ["start --log-format ", ["json", "text"]],
  ["run --log-format=", ["json", "text"]],
  ["start --store-t", ["--store-timeout"]],
  ["call s", ["say", "stop"]],
  ["call --timeout 5s s", ["say", "stop"]],
  ["call --status=200 s", ["say", "stop"]],
  ["build --no-", ["--no-bundled"]],
  ["new --phase re", ["request", "response"]],
  ["completions ", ["bash", "fish", "zsh"]],
  ["help encode-", ["encode-config"]],
  ["check-one", []],
  ["version --socket", []],
];

test("every command that help lists is offered, and every flag of a setting", () => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const script = completionScript(shell, program, PLUGINS);
    for (const command of program.createHelp().visibleCommands(program)) {
      expect(script).toContain(command.name());
    }
    for (const { flag } of settings.values()) expect(script).toContain(flag.slice(2));
  }
});

describe("what help hides", () => {
  /** What a shell is taught, and what people read. */
  const all = (of: Command) => [
    ...(["bash", "zsh", "fish"] as const).map((shell) => completionScript(shell, of, PLUGINS)),
    manualPage(of, "0.1.0").replaceAll("\\-", "-"),
  ];

  test("commands by which the executable starts itself stand nowhere", () => {
    const visible = new Set(program.createHelp().visibleCommands(program));
    const hidden = program.commands.filter((command) => !visible.has(command));
    expect(hidden.length).toBeGreaterThan(2);
    for (const text of all(program)) {
      for (const command of hidden) expect(text).not.toContain(command.name());
    }
  });

  test("nor do options", () => {
    const own = new Command("apisix-bun-runner");
    const command = own.command("start").description("serve");
    command.addOption(new Option("--seen <file>", "is told")).option("--plain", "too");
    command.addOption(new Option("--covert-wish", "is not told").hideHelp());
    own.command("covert-command", { hidden: true }).option("--its-own", "is not told");
    for (const text of all(own)) {
      expect(text).toContain("seen");
      expect(text).not.toMatch(/covert|its-own|is not told/);
    }
  });
});

describe("the executable prints", () => {
  test.each(["bash", "zsh", "fish"] as const)(
    "completions of %s, with its plugins",
    async (shell) => {
      const { code, stdout, stderr } = await run(["completions", shell]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("request-body-rewrite");
    },
  );

  test("the manual page", async () => {
    const { code, stdout } = await run(["man"]);
    expect([code, stdout.slice(0, 24)]).toEqual([0, ".TH APISIX-BUN-RUNNER 1 "]);
  });

  test("what it knows, where it knows no such shell", async () => {
    const { code, stderr } = await run(["completions", "csh"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Allowed choices are bash, zsh, fish");
  });
});

describe("bash", () => {
  test.each(OFFERS)("%j", async (line, offered) => {
    expect(await bashOffers(line)).toEqual(offered);
  });

  test("files and folders", async () => {
    using dir = filesToFind();
    expect(await bashOffers(`start -c ${dir.path}/`)).toEqual([dir.file("a.yaml"), dir.file("d")]);
    expect(await bashOffers(`start --plugins=${dir.path}/`)).toEqual([dir.file("d")]);
    expect(await bashOffers(`test one ${dir.path}/a`)).toEqual([dir.file("a.yaml")]);
    // The third argument of call is a path of HTTP.
    expect(await bashOffers(`call say {} ${dir.path}/a`)).toEqual([]);
  });

  test("in a terminal", async () => {
    await using shell = await terminal("bash", ["--norc", "--noprofile", "-i"]);
    shell.type("apisix-bun-runner heal\t--log-l\terr\t\u0001echo \n");
    await shell.shows(/\napisix-bun-runner healthcheck --log-level error\r?\n/);
  });

  test.skipIf(Bun.which("shellcheck") === null)(
    "shellcheck finds nothing (skipped without shellcheck)",
    async () => {
      const script = completionScript("bash", program, PLUGINS);
      expect(await output(["shellcheck", "--shell=bash", "-"], script)).toBe("");
    },
  );
});

describe("fish", () => {
  const noFish = Bun.which("fish") === null;
  test.skipIf(noFish).each(OFFERS)("%j (skipped without fish)", async (line, offered) => {
    expect(await fishOffers(line)).toEqual(offered);
  });

  test.skipIf(noFish)("files and folders (skipped without fish)", async () => {
    using dir = filesToFind();
    const [file, folder] = [dir.file("a.yaml"), `${dir.file("d")}/`];
    expect(await fishOffers(`start --config ${dir.path}/`)).toEqual([file, folder]);
    expect(await fishOffers(`start --plugins ${dir.path}/`)).toEqual([folder]);
  });
});

describe("zsh", () => {
  const noZsh = Bun.which("zsh") === null;
  // What zsh would offer can only be seen: where it is one word, that is typed for us.
  const single = OFFERS.filter(([, offered]) => offered.length === 1);

  test.skipIf(noZsh)("in a terminal (skipped without zsh)", async () => {
    await using shell = await terminal("zsh", ["-f", "-i"]);
    for (const [line, [word = ""]] of single) {
      const before = line.slice(0, line.lastIndexOf(" ") + 1);
      shell.type(`apisix-bun-runner ${line}\t\u0001echo \n`);
      await shell.shows(new RegExp(`\\napisix-bun-runner ${before}${word}=?\\r?\\n`));
    }
  });

  test.skipIf(noZsh)("lists words with what they mean (skipped without zsh)", async () => {
    await using shell = await terminal("zsh", ["-f", "-i"]);
    shell.type("apisix-bun-runner \t");
    await shell.shows(/doctor +-- find what keeps APISIX/);
    shell.type("start --log-format \t");
    await shell.shows(/json +text/);
  });

  test.skipIf(noZsh)("from a folder of fpath (skipped without zsh)", async () => {
    using dir = new TempDir();
    dir.write("_apisix-bun-runner", completionScript("zsh", program, PLUGINS));
    await using shell = new TerminalProgram(["zsh", "-f", "-i"], { HOME: dir.path, PS1: "> " });
    shell.type(`fpath=(${dir.path} $fpath); autoload -U compinit; compinit -u -D\n`);
    shell.type("apisix-bun-runner heal\t\u0001echo \n");
    await shell.shows(/\napisix-bun-runner healthcheck\r?\n/);
  });
});

describe("the manual page", () => {
  const page = manualPage(program, "0.1.0");

  test("has every command, option and setting", () => {
    const plain = page.replaceAll("\\-", "-");
    const help = program.createHelp();
    for (const command of help.visibleCommands(program)) {
      expect(plain).toContain(`.SS "${command.name()}`);
      for (const { long } of help.visibleOptions(command)) expect(plain).toContain(long ?? "");
    }
    for (const [path] of settings) expect(plain).toContain(`.B ${path}, --`);
    // A plain quote is shown as a curved one, which no shell takes.
    expect(page).toContain("\\(aqx\\-a: 1\\(aq");
  });

  test.skipIf(Bun.which("mandoc") === null)(
    "mandoc finds nothing but that it has no date (skipped without mandoc)",
    async () => {
      const found = await output(["mandoc", "-T", "lint", "-W", "warning"], page);
      expect(found).toMatch(/^mandoc: <stdin>:1:\d+: WARNING: missing date, using "": TH\n$/);
    },
  );

  test.skipIf(Bun.which("groff") === null)(
    "groff warns of nothing and shows what stands there (skipped without groff)",
    async () => {
      const shown = await output(["groff", "-man", "-Tutf8", "-ww", "-P-c", "-rLL=200n"], page);
      expect(shown).not.toMatch(/^(troff|groff|grotty|<standard input>):/m);
      expect(shown).toContain('apisix-bun-runner call say \'{"body":"hi"}\' -X POST');
    },
  );
});

function filesToFind(): TempDir {
  const dir = new TempDir();
  dir.write("a.yaml", "");
  dir.write("d/b.yaml", "");
  return dir;
}

/** As readline splits words, which is at `=` too. */
async function bashOffers(line: string): Promise<string[]> {
  const words = `apisix-bun-runner ${line}`.split(/ |(=)/).filter((word) => word !== undefined);
  const script = `${completionScript("bash", program, PLUGINS)}
    COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 ))
    _apisix_bun_runner
    (( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(await output(["bash", "-c", script, "bash", ...words]));
}

async function fishOffers(line: string): Promise<string[]> {
  const script = `${completionScript("fish", program, PLUGINS)}
    complete -C $argv[1]`;
  const offered = await output(["fish", "--no-config", "-c", script, `apisix-bun-runner ${line}`]);
  return lines(offered).map((each) => each.replace(/\t.*/, "").replace(/^--[a-z-]+=/, ""));
}

/** A shell that has read its completions. */
async function terminal(shell: "bash" | "zsh", args: readonly string[]): Promise<TerminalProgram> {
  using dir = new TempDir();
  const script = dir.write("script", completionScript(shell, program, PLUGINS));
  const started = new TerminalProgram([shell, ...args], { HOME: dir.path, PS1: "> " });
  const init = shell === "zsh" ? "autoload -U compinit; compinit -u -D; " : "";
  started.type(`${init}source ${script}; echo rea''dy\n`);
  await started.shows(/\nready/);
  return started;
}

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean).sort();
}

/** Of both streams. */
async function output(command: readonly string[], input = ""): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", LC_ALL: "C.UTF-8" },
  });
  const streams = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return streams.join("");
}
