import { Kbd } from "@mantine/core";
import { IconPointer, IconVectorTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { drawMode } from "@/modes";
import { ClassificationPanel } from "./ClassificationPanel";
import { giveLabel, toolsOf } from "./commands";
import { keyText, KeyHint } from "@/keys/KeyHint";
import { LabelNote, useOfferedLabels, WhyMark } from "./LabelPalette";
import { contextOf, useCommand, useDesk, useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { LabelKey } from "./label-keys";
import { LabelEye } from "./LabelEye";
import type { Why } from "./label-order";
import { ToolOptions } from "./ToolOptions";
import type { Workspace } from "./workspace";

/** What the hand holds: tools and labels. */
export function LeftPanel() {
  const { campaign, readOnly } = useLabeling();
  const current = useDesk((state) => state.current);
  return (
    <nav className={classes["left"]} aria-label="Tools and labels">
      {readOnly ? <LabelsToLookAt /> : current && (campaign.task === "classification" ? <ClassificationPanel workspace={current} /> : <DrawingPanel workspace={current} />)}
      {campaign.instructions !== "" && (
        <details className={classes["instructions"]}>
          <summary>Instructions</summary>
          <p>{campaign.instructions}</p>
        </details>
      )}
    </nav>
  );
}

/** The campaign's labels, and which of them are shown, for who changes nothing. */
function LabelsToLookAt() {
  const { labels } = useLabeling();
  return (
    <section aria-labelledby="labels-title">
      <h2 id="labels-title" className={classes["title"]}>
        Labels
      </h2>
      <div className={classes["labels"]}>
        {labels.map(({ label }) => (
          <div key={label.id} className={classes["labelRow"]}>
            <span className={classes["label"]}>
              <span className={classes["swatch"]} style={{ background: label.color }} />
              <span className={classes["grow"]}>{label.name}</span>
            </span>
            <LabelEye label={label} />
          </div>
        ))}
      </div>
    </section>
  );
}

function ToolIcon({ path }: { path: string }) {
  return (
    <svg width={17} height={17} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={2} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function DrawingPanel({ workspace }: { workspace: Workspace }) {
  const { campaign, labels } = useLabeling();
  const offers = useOfferedLabels(workspace);
  const command = useCommand();
  const mode = useSession(workspace, (state) => state.mode);
  const hasSelection = useSession(workspace, (state) => state.selection.length > 0);
  return (
    <>
      <section aria-label="Tools" className={classes["tools"]}>
        <Tool id="select" name="Select" icon={<IconPointer size={17} />} active={mode === "select"} onClick={() => command("select")} />
        {toolsOf(campaign).map(({ name, title, icon }) => (
          <Tool key={name} id={name} name={title} icon={<ToolIcon path={icon} />} active={mode === drawMode(name)} onClick={() => command(name)} />
        ))}
        <Tool id="edit" name="Edit" icon={<IconVectorTriangle size={17} />} active={mode === "edit"} disabled={!hasSelection} onClick={() => command("edit")} />
      </section>
      <section aria-labelledby="labels-title">
        <h2 id="labels-title" className={classes["title"]}>
          Label of the {hasSelection ? "selection" : "next object"}
        </h2>
        <div className={classes["labels"]}>
          {offers.map(({ entry, why }) => (
            <div key={entry.label.id} className={classes["labelRow"]}>
              <LabelButton entry={entry} why={why} workspace={workspace} />
              <LabelEye label={entry.label} />
            </div>
          ))}
        </div>
        {labels.length > 1 && <LabelNote moved={offers.some(({ why }) => why !== null)} />}
        {labels.length === 0 && <p className={classes["quiet"]}>This campaign has no labels yet. Add them on its page first.</p>}
      </section>
      <ToolOptions workspace={workspace} />
    </>
  );
}

interface ToolProps {
  id: string;
  name: string;
  icon: ReactNode;
  active: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function Tool({ id, name, icon, active, disabled = false, onClick }: ToolProps) {
  return (
    <button type="button" className={classes["tool"]} aria-pressed={active} disabled={disabled} data-testid={`tool-${id}`} onClick={onClick}>
      {icon}
      <span>{name}</span>
      <KeyHint command={id} short />
    </button>
  );
}

function LabelButton({ entry: { label, key }, why, workspace }: { entry: LabelKey; why: Why; workspace: Workspace }) {
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
      <WhyMark why={why} />
      {key !== null && <Kbd size="xs">{keyText(key)}</Kbd>}
    </button>
  );
}
