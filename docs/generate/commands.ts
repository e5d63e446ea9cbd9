/**
 * The commands as Markdown, from what they parse.
 *
 * @module
 */
import { Command, type Option } from "commander";
import { USUAL_SIZE } from "../../internal/terminal.ts";
import { COMMANDS, defineProgram, listedCommand } from "../../cli/program.ts";

/** Every command with its usage, options and examples. */
export async function renderCommands(): Promise<string> {
  const sections = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load, permissions }]) => {
      const command = (await load()).define(new Command(name));
      command.configureHelp({ helpWidth: 100 });
      const usage = command.registeredArguments.map((argument) => {
        const text = argument.name() + (argument.variadic ? "..." : "");
        return argument.required ? ` <${text}>` : ` [${text}]`;
      });
      return [
        `### \`pipeloom ${name}${usage.join("")}\``,
        command.description(),
        listOptions(command.options),
        examplesOf(command),
        `Permissions: ${flagsAsCode(permissions)}.`,
      ].filter(Boolean).join("\n\n");
    }),
  );
  return sections.join("\n\n");
}

/** The module with what `pipeloom --help` prints, which so needs no parser of options. */
export function renderHelp(): string {
  let text = "";
  const program = defineProgram().configureOutput({
    writeOut: (part) => text += part,
    getOutHelpWidth: () => USUAL_SIZE.columns,
  });
  for (const name of Object.keys(COMMANDS)) program.addCommand(listedCommand(name));
  program.outputHelp();
  return `/**
 * What \`pipeloom --help\` prints: \`deno task docs\` writes it from \`program.ts\`.
 *
 * @module
 */
/** It is broken into lines of ${USUAL_SIZE.columns} columns. */
export const HELP: string = \`${text.replace(/[`\\]|\$\{/g, "\\$&")}\`;
`;
}

/** The flags that each command needs, as rows of a table. */
export function renderPermissions(): string {
  const rows = Object.entries(COMMANDS).map(([name, { permissions }]) =>
    `| \`pipeloom ${name}\` | ${flagsAsCode(permissions)} |`
  );
  return ["| Command | Flags |", "| --- | --- |", ...rows].join("\n");
}

/** A text with its flags as code. */
function flagsAsCode(text: string): string {
  return text.replaceAll(/--[\w-]+(=[\w.,:]*\w|=\.)?/g, "`$&`");
}

/** The options that stand before any command. */
export function renderProgramOptions(): string {
  return listOptions(defineProgram().options);
}

function listOptions(options: readonly Option[]): string {
  if (options.length === 0) return "";
  const rows = options.map(({ flags, description, defaultValue, argChoices }) => {
    const text = description.charAt(0).toUpperCase() + description.slice(1).replace(/\.$/, "");
    const choices = argChoices ? argChoices.map((choice) => `\`${choice}\``).join(", ") : "";
    const shown = defaultValue === undefined || defaultValue === 0 ? "" : `\`${defaultValue}\``;
    return `| \`${flags}\` | ${text.replaceAll("|", "\\|")}${
      choices && `: ${choices}`
    } | ${shown} |`;
  });
  return ["| Option | Effect | Default |", "| --- | --- | --- |", ...rows].join("\n");
}

/** What a command's help prints after its options. */
function examplesOf(command: Command): string {
  let help = "";
  command.configureOutput({ writeOut: (text) => help += text });
  command.outputHelp();
  const after = help.slice(command.helpInformation().length).trim();
  const [examples, ...others] = after.replace(/^Examples:\n/, "").split("\n\n");
  if (!examples) return "";
  const code = `\`\`\`sh\n${examples.replaceAll(/^ {2}/gm, "")}\n\`\`\``;
  return [code, ...others.map((text) => `\`\`\`text\n${text}\n\`\`\``)].join("\n\n");
}
