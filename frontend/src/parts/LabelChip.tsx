import { Group, Text } from "@mantine/core";
import classes from "./LabelChip.module.css";

/** A label as everywhere in Winnow: its colour and its name. */
export function LabelChip({ label }: { label: { name: string; color: string } }) {
  return (
    <Group gap={6} wrap="nowrap" className={classes["chip"]}>
      <span className={classes["dot"]} style={{ background: label.color }} />
      <Text size="xs" truncate>
        {label.name}
      </Text>
    </Group>
  );
}
