import { Button, Group, Modal, SegmentedControl, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import type { Conflict } from "@/core/autosave";
import type { AnnotationDocument } from "@/core/document";
import { defaultSide, differences, merged, type Difference, type Side } from "@/core/merge";
import type { Annotation } from "@/core/types";
import { kindOf } from "@/shapes/kinds";
import { ComparisonPicture } from "./ComparisonPicture";
import { useDesk, useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { VersionPicture } from "./VersionPicture";
import type { Workspace } from "./workspace";

/** Somebody saved first: both versions side by side, and nothing is overwritten before the person has chosen. */
export function ConflictScreen() {
  const current = useDesk((state) => state.current);
  return current && <OfWorkspace key={current.image.id} workspace={current} />;
}

function OfWorkspace({ workspace }: { workspace: Workspace }) {
  const conflict = useStore(workspace.autosave.store, (state) => state.conflict);
  return conflict && <Screen workspace={workspace} conflict={conflict} />;
}

function Screen({ workspace, conflict }: { workspace: Workspace; conflict: Conflict }) {
  const { theirs } = conflict;
  const mine = workspace.session.document();
  const all = useMemo(() => differences(conflict.before, mine, theirs), [conflict, mine, theirs]);
  const [choices, setChoices] = useState<Readonly<Record<string, Side>>>({});
  const [pointed, setPointed] = useState<string | null>(null);
  const { labels } = useLabeling();
  const pictures = useMemo(
    () => ({ image: workspace.image, differing: new Set(all.map(({ id }) => id)), colors: new Map(labels.map(({ label }) => [label.id, label.color])) }),
    [workspace, all, labels],
  );
  const resolve = (document: AnnotationDocument): void => workspace.autosave.resolve(document);
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} closeOnEscape={false} size="xl" title="Two versions of this image" data-testid="conflict">
      <Text mb="md">
        Somebody, or you in another tab, saved this image while you worked on it. Your version has {objects(mine)}, theirs has {objects(theirs)};{" "}
        {all.length === 1 ? "one object differs" : `${all.length} objects differ`}. Nothing is lost until you choose.
      </Text>
      <div className={classes["versions"]}>
        <VersionPicture title="Mine" document={mine} pointed={pointed} {...pictures} />
        <VersionPicture title="Theirs" document={theirs} pointed={pointed} {...pictures} />
      </div>
      <ul className={classes["comparison"]} aria-label="Objects that differ">
        {all.map((entry) => (
          <li key={entry.id} data-testid="conflict-row" data-pointed={pointed === entry.id} onPointerEnter={() => setPointed(entry.id)} onFocus={() => setPointed(entry.id)}>
            <ComparisonPicture mine={entry.mine} theirs={entry.theirs} />
            <div className={classes["grow"]}>
              <Text fw={600} size="sm">
                <Name annotation={entry.mine ?? entry.theirs} />
              </Text>
              <Text size="sm">{story(entry)}</Text>
            </div>
            <SegmentedControl
              size="xs"
              aria-label="Which version to keep when merging"
              data={[{ value: "mine", label: "Mine" }, { value: "theirs", label: "Theirs" }]}
              value={choices[entry.id] ?? defaultSide(entry)}
              onChange={(value) => setChoices({ ...choices, [entry.id]: value === "theirs" ? "theirs" : "mine" })}
            />
          </li>
        ))}
      </ul>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" data-testid="keep-theirs" onClick={() => resolve(theirs)}>
          Take theirs
        </Button>
        <Button variant="default" data-testid="keep-mine" onClick={() => resolve(mine)}>
          Keep mine
        </Button>
        <Button data-testid="merge" onClick={() => resolve(merged(theirs, all, choices))}>
          Merge object by object
        </Button>
      </Group>
    </Modal>
  );
}

function objects(document: AnnotationDocument): string {
  const drafts = [...document.values()].filter((annotation) => annotation.review === "draft").length;
  const count = document.size === 1 ? "one object" : `${document.size} objects`;
  return drafts > 0 ? `${count} (${drafts} of them drafts)` : count;
}

function Name({ annotation }: { annotation: Annotation | null }) {
  const { labels } = useLabeling();
  const label = labels.find((entry) => entry.label.id === annotation?.label)?.label;
  return (
    <>
      {label?.name ?? "?"} <span className={classes["kind"]}>{annotation ? kindOf(annotation.shape).title : ""}</span>
    </>
  );
}

function story({ mine, theirs, changedBy }: Difference): string {
  if (changedBy === "theirs") return mine ? (theirs ? "They changed it." : "They deleted it.") : "They added it.";
  if (changedBy === "mine") return mine ? (theirs ? "You changed it." : "You added it.") : "You deleted it.";
  return mine ? (theirs ? "You both changed it." : "You changed it, they deleted it.") : "You deleted it, they changed it.";
}
