import { Fieldset, NumberInput, Select, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiProblem } from "@/api/problems";
import type { Protocol } from "@/api/types";
import { complaintOf, objectOf, readable, sameJson, valueOf, withValue } from "./protocolOptions";
import type { Options, ProtocolOption } from "./protocolOptions";

const ONE_COLUMN = 6;

interface Props {
  protocol: Protocol;
  /** The model's options; null while their text is no JSON. */
  options: Options | null;
  error: unknown;
  onChange: (options: Options) => void;
  /** Told of an option whose text is no JSON (true), and when it is again. */
  onBroken: (name: string, broken: boolean) => void;
}

/** What one protocol alone asks for: every setting as a field of its kind. */
export function ProtocolOptions({ protocol, options, error, onChange, onBroken }: Props) {
  const { t } = useTranslation();
  if (protocol.options.length === 0) return null;
  const errors = error instanceof ApiProblem ? error.errors : [];
  return (
    <Fieldset legend={t("models.protocolOptions", { protocol: protocol.title })} disabled={options === null} data-testid="protocol-options">
      <Stack>
        {options === null && <Text size="sm">{t("models.optionsBroken")}</Text>}
        <SimpleGrid cols={{ base: 1, sm: protocol.options.length > ONE_COLUMN ? 2 : 1 }}>
          {protocol.options.map((option) => (
            <OptionField
              key={`${protocol.name}.${option.name}`}
              option={option}
              value={valueOf(options ?? {}, option, protocol.options)}
              complaint={complaintOf(errors, option)}
              onChange={(value) => onChange(withValue(options ?? {}, option, value, protocol.options))}
              onBroken={(broken) => onBroken(option.name, broken)}
            />
          ))}
        </SimpleGrid>
      </Stack>
    </Fieldset>
  );
}

interface FieldProps {
  option: ProtocolOption;
  value: unknown;
  complaint: string | null;
  onChange: (value: unknown) => void;
  onBroken: (broken: boolean) => void;
}

function OptionField({ option, value, complaint, onChange, onBroken }: FieldProps) {
  const common = { label: option.title, description: option.help === "" ? undefined : option.help, error: complaint, "data-testid": `option-${option.name}` };
  switch (option.kind) {
    case "choice":
      return <Select {...common} data={option.choices} value={String(value)} allowDeselect={false} onChange={(choice) => choice !== null && onChange(choice)} />;
    case "number":
      return <NumberInput {...common} value={typeof value === "number" ? value : ""} onChange={(number) => onChange(typeof number === "number" ? number : undefined)} />;
    case "flag":
      return <Switch {...common} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case "json":
      return <JsonField {...common} value={value} onChange={onChange} onBroken={onBroken} />;
    default:
      return <TextInput {...common} value={typeof value === "string" ? value : ""} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}

interface JsonFieldProps {
  label: string;
  description: string | undefined;
  error: string | null;
  "data-testid": string;
  value: unknown;
  onChange: (value: unknown) => void;
  onBroken: (broken: boolean) => void;
}

const textOf = (value: unknown): string => (value === undefined ? "" : readable(value));

/** An object as text: what is being typed stays as it is until it is one again, or another value comes from outside. */
function JsonField({ value, error, onChange, onBroken, ...common }: JsonFieldProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState({ text: textOf(value), of: value });
  const current = sameJson(typed.of, value) ? typed.text : textOf(value);
  const broken = current.trim() !== "" && objectOf(current) === null;
  const type = (text: string) => {
    const next = objectOf(text);
    const cleared = text.trim() === "";
    setTyped({ text, of: next ?? (cleared ? undefined : value) });
    onBroken(next === null && !cleared);
    if (next !== null || cleared) onChange(next ?? undefined);
  };
  return (
    <Textarea
      {...common}
      value={current}
      onChange={(event) => type(event.currentTarget.value)}
      error={broken ? t("models.notAnObject") : error}
      autosize
      minRows={3}
      maxRows={24}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "var(--mantine-font-size-xs)" } }}
    />
  );
}
