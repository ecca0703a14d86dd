import { Kbd } from "@mantine/core";
import { IconPointer, IconPolygon, IconSquare, IconVectorTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { TOOLS } from "@/shapes/kinds";
import { drawMode } from "@/modes";
import { ClassificationPanel } from "./ClassificationPanel";
import { drawableShapes, giveLabel } from "./commands";
import { contextOf, useCommand, useDesk, useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { LabelKey } from "./label-keys";
import type { Workspace } from "./workspace";

/** What the hand holds: tools and labels. */
export function LeftPanel() {
  const { campaign } = useLabeling();
  const current = useDesk((state) => state.current);
  return (
    <nav className={classes["left"]} aria-label="Tools and labels">
      {current && (campaign.task === "classification" ? <ClassificationPanel workspace={current} /> : <DrawingPanel workspace={current} />)}
      {campaign.instructions !== "" && (
        <details className={classes["instructions"]}>
          <summary>Instructions</summary>
          <p>{campaign.instructions}</p>
        </details>
      )}
    </nav>
  );
}

const ICONS: Readonly<Record<string, ReactNode>> = { box: <IconSquare size={17} />, polygon: <IconPolygon size={17} /> };
const KEYS: Readonly<Record<string, string>> = { box: "B", polygon: "P" };

function DrawingPanel({ workspace }: { workspace: Workspace }) {
  const { campaign, labels } = useLabeling();
  const command = useCommand();
  const mode = useSession(workspace, (state) => state.mode);
  const hasSelection = useSession(workspace, (state) => state.selection.length > 0);
  return (
    <>
      <section aria-label="Tools" className={classes["tools"]}>
        <Tool name="Select" keys="V" icon={<IconPointer size={17} />} active={mode === "select"} onClick={() => command("select")} />
        {drawableShapes(campaign.task).map((shape) => (
          <Tool key={shape} name={TOOLS.get(shape)?.title ?? shape} keys={KEYS[shape] ?? ""} icon={ICONS[shape]} active={mode === drawMode(shape)} onClick={() => command(shape)} />
        ))}
        <Tool name="Vertices" keys="E" icon={<IconVectorTriangle size={17} />} active={mode === "edit"} disabled={!hasSelection} onClick={() => command("edit")} />
      </section>
      <section aria-labelledby="labels-title">
        <h2 id="labels-title" className={classes["title"]}>
          Label of the {hasSelection ? "selection" : "next object"}
        </h2>
        <div className={classes["labels"]}>
          {labels.map((entry) => (
            <LabelButton key={entry.label.id} entry={entry} workspace={workspace} />
          ))}
        </div>
        {labels.length === 0 && <p className={classes["quiet"]}>This campaign has no labels yet. Add them on its page first.</p>}
      </section>
    </>
  );
}

interface ToolProps {
  name: string;
  keys: string;
  icon: ReactNode;
  active: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function Tool({ name, keys, icon, active, disabled = false, onClick }: ToolProps) {
  return (
    <button type="button" className={classes["tool"]} aria-pressed={active} disabled={disabled} data-testid={`tool-${name.toLowerCase()}`} onClick={onClick}>
      {icon}
      <span>{name}</span>
      <Kbd size="xs">{keys}</Kbd>
    </button>
  );
}

function LabelButton({ entry: { label, key }, workspace }: { entry: LabelKey; workspace: Workspace }) {
  const labeling = useLabeling();
  const active = useSession(workspace, (state) => {
    const selected = state.selection.flatMap((id) => state.history.present.document.get(id) ?? []);
    return selected.length > 0 ? selected.every((annotation) => annotation.label === label.id) : state.label === label.id;
  });
  const give = (): void => {
    const context = contextOf(labeling);
    if (context) giveLabel(context, label.id);
  };
  return (
    <button type="button" className={classes["label"]} aria-pressed={active} data-testid={`label-${label.name}`} onClick={give}>
      <span className={classes["swatch"]} style={{ background: label.color }} />
      <span className={classes["grow"]}>{label.name}</span>
      {key !== null && <Kbd size="xs">{key}</Kbd>}
    </button>
  );
}
