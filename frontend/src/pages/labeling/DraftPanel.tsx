import { Button, Switch } from "@mantine/core";
import { countDrafts, isAbove, isDraft, isShown, thresholdOf, type Thresholds } from "@/core/review";
import type { AnnotationDocument } from "@/core/document";
import { KeyHint } from "@/keys/KeyHint";
import { useCommand, useLabeling, usePreference, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import { Slider } from "./Slider";
import type { Workspace } from "./workspace";

/** Review of what models drafted: a threshold that works live, and for who labels, accept and reject, and what happens at submit. */
export function DraftPanel({ workspace }: { workspace: Workspace }) {
  const { campaign, labels, preferences, readOnly } = useLabeling();
  const document = useSession(workspace, (state) => state.history.present.document);
  const thresholds = useSession(workspace, (state) => state.thresholds);
  const keepDrafts = usePreference((state) => state.keepDrafts);
  const { drafts, above } = countDrafts(document, thresholds);
  const unseen = useSession(workspace, (state) => [...document.values()].filter((annotation) => isDraft(annotation) && isAbove(annotation, thresholds) && !isShown(annotation, state)).length);
  const accepts = unseen > 0 ? `Submitting accepts the drafts shown, and ${unseen} hidden` : "Submitting accepts the drafts shown";
  const change = (next: Thresholds): void => {
    preferences.setState({ thresholds: next });
    workspace.session.setThresholds(next);
  };
  const several = labels.filter(({ label }) => countDrafts(document, thresholds, label.id).drafts > 0);
  if (drafts === 0) return workspace.withheld ? <Withheld /> : null;
  return (
    <section className={classes["drafts"]} aria-labelledby="drafts-title" data-testid="drafts">
      <h2 id="drafts-title" className={classes["title"]}>
        Drafts
        <span className={classes["count"]} data-testid="draft-count">
          {above} of {drafts} shown
        </span>
      </h2>
      <ThresholdSlider name="Confidence at least" testId="threshold" value={thresholds.all} onChange={(all) => change({ ...thresholds, all })} />
      {several.length > 1 && (
        <details className={classes["perLabel"]}>
          <summary>Label by label</summary>
          {several.map(({ label }) => (
              <ThresholdSlider
                key={label.id}
                name={label.name}
                color={label.color}
                testId={`threshold-${label.name}`}
                value={thresholdOf(thresholds, label.id)}
                onChange={(value) => change({ ...thresholds, byLabel: { ...thresholds.byLabel, [label.id]: value } })}
                onReset={thresholds.byLabel[label.id] === undefined ? undefined : () => change(withoutOwn(thresholds, label.id))}
              />
            ))}
        </details>
      )}
      {campaign.task !== "classification" && !readOnly && <ReviewButtons workspace={workspace} document={document} above={above} />}
      {!readOnly && (
        <Switch
          size="xs"
          label={keepDrafts ? accepts : "Submitting drops drafts not accepted"}
          checked={keepDrafts}
          data-testid="keep-drafts"
          onChange={(event) => preferences.setState({ keepDrafts: event.currentTarget.checked })}
        />
      )}
    </section>
  );
}

function Withheld() {
  return (
    <section className={classes["drafts"]} data-testid="withheld">
      <h2 className={classes["title"]}>No drafts here</h2>
      <p className={classes["quiet"]}>This image is shown without the models&rsquo; drafts, as a few are, to measure how much they help and mislead.</p>
    </section>
  );
}

function ReviewButtons({ workspace, document, above }: { workspace: Workspace; document: AnnotationDocument; above: number }) {
  const command = useCommand();
  const canJudge = useSession(workspace, (state) => state.selection.some((id) => document.get(id)?.review === "draft"));
  return (
    <div className={classes["buttons"]}>
      <Button px={7} size="compact-xs" variant="light" disabled={!canJudge} data-testid="accept" onClick={() => command("accept")} rightSection={<KeyHint command="accept" />}>
        Accept
      </Button>
      <Button px={7} size="compact-xs" variant="default" disabled={!canJudge} data-testid="reject" onClick={() => command("reject")} rightSection={<KeyHint command="reject" />}>
        Reject
      </Button>
      <Button px={7} size="compact-xs" variant="default" disabled={above === 0} data-testid="accept-all" onClick={() => command("accept-all")} rightSection={<KeyHint command="accept-all" />} aria-label={`Accept all ${above} shown`}>
        All {above}
      </Button>
    </div>
  );
}

interface SliderProps {
  name: string;
  color?: string;
  testId: string;
  value: number;
  onChange: (value: number) => void;
  /** Given where the label has a threshold of its own. */
  onReset?: (() => void) | undefined;
}

function ThresholdSlider({ name, color, testId, value, onChange, onReset }: SliderProps) {
  const title = (
    <>
      {color !== undefined && <span className={classes["swatch"]} style={{ background: color }} />}
      {name}
    </>
  );
  const reset = onReset && { title: `${name}: the same as all others`, run: onReset };
  return <Slider name={title} testId={testId} value={value} min={0} max={1} step={0.01} text={`${Math.round(value * 100)} %`} onChange={onChange} reset={reset} />;
}

/** The label follows the threshold of all others again. */
function withoutOwn(thresholds: Thresholds, label: number): Thresholds {
  const byLabel = Object.fromEntries(Object.entries(thresholds.byLabel).filter(([id]) => id !== String(label)));
  return { ...thresholds, byLabel };
}
