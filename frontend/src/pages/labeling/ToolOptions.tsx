import type { ComponentType } from "react";
import { toolOf } from "@/modes";
import type { Session } from "@/modes/session";
import { useSession } from "./LabelingContext";
import type { Workspace } from "./workspace";

/** What the folder of a shape shows beside the toolbar: the default export of its `Options.tsx`. */
export interface OptionsProps {
  readonly session: Session;
  /** The tool in hand; null while an object is selected or edited. */
  readonly tool: string | null;
}

const folders = import.meta.glob<{ readonly default: ComponentType<OptionsProps> }>("../../shapes/*/Options.tsx", { eager: true });
const toolFolders = import.meta.glob<{ readonly default: ComponentType<OptionsProps> }>("../../modes/*/Options.tsx", { eager: true });
/** By the folder's name: that of a shape, or of a tool that is no shape's own. */
const PANELS = new Map(Object.entries({ ...folders, ...toolFolders }).map(([path, folder]) => [path.split("/").at(-2), folder.default]));

/** Options of the shape that is drawn, else of the shapes selected. */
export function ToolOptions({ workspace }: { workspace: Workspace }) {
  const tool = useSession(workspace, (state) => toolOf(state.mode));
  const selected = useSession(workspace, ({ selection, history }) => {
    const types = new Set(selection.map((id) => history.present.document.get(id)?.shape.type));
    return types.size === 1 ? [...types][0] : undefined;
  });
  const Panel = PANELS.get(tool?.name) ?? PANELS.get(tool?.shape ?? selected);
  return Panel ? <Panel session={workspace.session} tool={tool?.name ?? null} /> : null;
}
