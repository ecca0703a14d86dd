/** Every command of the page with its keys: the toolbar, the key sheet and the keyboard all read this one table. */
import { drawCommands } from "./draw";
import { objectCommands } from "./objects";
import { queueCommands } from "./queue";
import { reviewCommands } from "./review";
import type { Command } from "./types";
import { vertexCommands } from "./vertices";
import { viewCommands } from "./view";

export { giveLabel, walk } from "./objects";
export { toolsOf } from "./tools";
export { GROUPS, isLooking, type Command, type Context, type Group } from "./types";

export const COMMANDS: readonly Command[] = [...vertexCommands, ...drawCommands(), ...objectCommands, ...reviewCommands, ...queueCommands, ...viewCommands];

/** Single keys that commands own; a label cannot have them. */
export const COMMAND_KEYS: ReadonlySet<string> = new Set([...COMMANDS.flatMap((command) => command.keys), " ", "TAB"].map((key) => key.toUpperCase()));
