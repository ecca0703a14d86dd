import { Button, Group, Kbd, Switch } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { chosenLabels, guesses } from "@/actions/classification";
import { percent } from "@/render/shape-layers";
import { brokenRule } from "@/parts/labelRules";
import { giveLabel } from "./commands";
import { keyText, KeyHint } from "@/keys/KeyHint";
import { contextOf, useCommand, useLabeling, usePreference, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { LabelKey } from "./label-keys";
import type { Workspace } from "./workspace";

/** Labels of the whole image: one key each; what a model guesses waits for a yes. */
export function ClassificationPanel({ workspace }: { workspace: Workspace }) {
  const { campaign, labels, preferences } = useLabeling();
  const multi = campaign.settings.multi_label ?? false;
  const document = useSession(workspace, (state) => state.history.present.document);
  const goOn = usePreference((state) => state.goOn);
  const drafts = guesses(document);
  const chosen = new Set(chosenLabels(document));
  const guessed = new Map(drafts.map((draft) => [draft.label, draft.confidence]));
  return (
    <section aria-labelledby="labels-title">
      <h2 id="labels-title" className={classes["title"]}>
        {multi ? "What is in the image? (any number)" : "What is it?"}
      </h2>
      <div className={classes["labels"]} role="group" aria-labelledby="labels-title">
        {labels.map((entry) => (
          <ClassButton key={entry.label.id} entry={entry} chosen={chosen.has(entry.label.id)} guess={guessed.get(entry.label.id)} />
        ))}
      </div>
      {!multi && labels.length === 1 && <p className={classes["quiet"]}>With one label an image has it or is skipped. A second one, such as “Not {labels[0]?.label.name}”, lets a model learn the difference.</p>}
      {multi && <Rule rule={brokenRule(campaign.labels, chosen, campaign.settings)} />}
      {drafts.length > 0 && <GuessBar count={drafts.length} settled={chosen.size > 0} />}
      {!multi && (
        <Switch
          mt="md"
          size="xs"
          label="Go on as soon as I choose"
          checked={goOn}
          data-testid="go-on"
          onChange={(event) => preferences.setState({ goOn: event.currentTarget.checked })}
        />
      )}
    </section>
  );
}

/** What would be refused at submit, while there is time to put it right. */
function Rule({ rule }: { rule: string | null }) {
  return (
    <p className={classes["rule"]} role="status" data-testid="label-rule">
      {rule !== null && <IconAlertTriangle size={15} aria-hidden="true" />}
      {rule}
    </p>
  );
}

interface ClassButtonProps {
  entry: LabelKey;
  chosen: boolean;
  /** Undefined without a guess; null for a guess without a confidence. */
  guess: number | null | undefined;
}

function ClassButton({ entry: { label, key }, chosen, guess }: ClassButtonProps) {
  const labeling = useLabeling();
  const give = (): void => {
    const context = contextOf(labeling);
    if (context) giveLabel(context, label.id);
  };
  const isGuess = guess !== undefined && !chosen;
  return (
    <button type="button" className={classes["class"]} aria-pressed={chosen} data-guess={isGuess} data-testid={`label-${label.name}`} onClick={give}>
      <span className={classes["swatch"]} style={{ background: label.color }} />
      <span className={classes["grow"]}>
        {label.name}
        {isGuess && <span className={classes["guess"]}>guessed{guess === null ? "" : `, ${percent(guess)}`}</span>}
      </span>
      {chosen && <IconCheck size={17} aria-hidden="true" />}
      {key !== null && <Kbd size="xs">{keyText(key)}</Kbd>}
      {isGuess && guess !== null && <span className={classes["bar"]} style={{ width: percent(guess).replace(" ", ""), background: label.color }} />}
    </button>
  );
}

function GuessBar({ count, settled }: { count: number; settled: boolean }) {
  const command = useCommand();
  return (
    <Group gap={6} mt="sm">
      <Button size="compact-xs" variant="light" data-testid="accept-guess" onClick={() => command("accept")} rightSection={<KeyHint command="accept" />}>
        {count > 1 && !settled ? "Accept" : "Accept guess"}
      </Button>
      <Button size="compact-xs" variant="default" data-testid="reject-guess" onClick={() => command("reject")} rightSection={<KeyHint command="reject" />}>
        Reject
      </Button>
    </Group>
  );
}
