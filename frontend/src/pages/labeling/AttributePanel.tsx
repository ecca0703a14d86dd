import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { commonAnswer, setAttribute } from "@/actions/attributes";
import { answerOf, BUILT_IN, type Answer, type Attribute } from "@/core/attributes";
import { KeyHint } from "@/keys/KeyHint";
import { useDesk, useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { Workspace } from "./workspace";

const TITLES: Readonly<Record<string, string>> = { occluded: "Occluded", truncated: "Truncated" };

/** What is asked of the selected objects: what every object may be, and what their label asks. */
export function AttributePanel({ workspace }: { workspace: Workspace }) {
  const { desk, readOnly } = useLabeling();
  const selection = useSession(workspace, (state) => state.selection);
  const document = useSession(workspace, (state) => state.history.present.document);
  const notice = useDesk((state) => state.notice);
  const chosen = useMemo(() => selection.flatMap((id) => document.get(id) ?? []), [selection, document]);
  if (chosen.length === 0) return null;
  const labels = [...new Set(chosen.map(({ label }) => label))];
  const asked = labels.length === 1 ? (desk.options.definitions.get(labels[0] ?? -1) ?? []) : [];
  const { session } = workspace;
  const answer = (name: string, value: Answer | null): void => {
    const free = selection.filter((id) => session.isFree(id));
    session.apply(`Changed “${name}”`, (now) => setAttribute(now, free, name, value), `attribute ${name} ${free.join()}`);
    if (notice !== "") desk.say("");
  };
  return (
    <section className={classes["attributes"]} aria-label={chosen.length === 1 ? "Attributes of the selected object" : `Attributes of ${chosen.length} objects`} data-testid="attributes">
      {[...BUILT_IN, ...asked].map((attribute) => (
        <Field
          key={`${attribute.name} ${selection.join()}`}
          attribute={attribute}
          value={commonAnswer(chosen, attribute.name)}
          disabled={readOnly}
          onAnswer={(value) => answer(attribute.name, value)}
        />
      ))}
    </section>
  );
}

interface FieldProps {
  attribute: Attribute;
  /** Undefined where the objects differ. */
  value: Answer | null | undefined;
  disabled: boolean;
  onAnswer: (value: Answer | null) => void;
}

const VARIOUS = "— various —";

function Field({ attribute, value, disabled, onAnswer }: FieldProps) {
  const { name, type, required } = attribute;
  const title = `${TITLES[name] ?? name}${required ? " *" : ""}`;
  const testId = `attribute-${name}`;
  if (type === "boolean") {
    return (
      <Checkbox
        size="xs"
        label={<>{title} {TITLES[name] !== undefined && <KeyHint command={name} />}</>}
        data-testid={testId}
        disabled={disabled}
        checked={value === true}
        indeterminate={value === undefined}
        onChange={(event) => onAnswer(event.currentTarget.checked || null)}
      />
    );
  }
  if (type !== "choice") return <TextField attribute={attribute} title={title} value={value} disabled={disabled} onAnswer={onAnswer} />;
  const options = [{ value: "", label: value === undefined ? VARIOUS : "—" }, ...(attribute.options ?? []).map((option) => ({ value: option, label: option }))];
  return <NativeSelect size="xs" label={title} data-testid={testId} disabled={disabled} value={typeof value === "string" ? value : ""} onChange={(event) => onAnswer(event.currentTarget.value || null)} data={options} />;
}

/** What is typed is an answer as soon as it can be one; until then the field says what is missing. */
function TextField({ attribute, title, value, disabled, onAnswer }: FieldProps & { title: string }) {
  const [text, setText] = useState(value === null || value === undefined ? "" : String(value));
  const problem = answerOf(attribute, text) === undefined ? rangeOf(attribute) : null;
  return (
    <TextInput
      size="xs"
      label={title}
      placeholder={value === undefined ? VARIOUS : ""}
      data-testid={`attribute-${attribute.name}`}
      inputMode={attribute.type === "number" ? "decimal" : "text"}
      disabled={disabled}
      value={text}
      error={problem}
      maxLength={1000}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const answer = answerOf(attribute, typed.trim());
        if (answer !== undefined) onAnswer(answer);
      }}
    />
  );
}

function rangeOf({ min, max }: Attribute): string {
  if (typeof min === "number" && typeof max === "number") return `A number from ${min} to ${max}`;
  if (typeof min === "number") return `A number from ${min}`;
  return typeof max === "number" ? `A number up to ${max}` : "A number";
}
