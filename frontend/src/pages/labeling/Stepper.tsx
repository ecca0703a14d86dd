import { ActionIcon } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { KeyHint } from "@/keys/KeyHint";
import { useCommand } from "./LabelingContext";
import classes from "./Labeling.module.css";

export interface Step {
  readonly command: string;
  readonly label: string;
}

/** Places of the image to go to one after the other: which of them it is, a button each way, and the key. */
export function Stepper({ title, place, placeTestId, before, next }: { title: string; place: string | number; placeTestId: string; before: Step; next: Step }) {
  const run = useCommand();
  return (
    <div className={classes["row"]} style={{ width: "100%" }}>
      <span className={classes["quiet"]}>
        {title} <span data-testid={placeTestId}>{place}</span>
      </span>
      <span>
        <ActionIcon size={24} variant="subtle" color="gray" aria-label={before.label} data-testid={before.command} onClick={() => run(before.command)}>
          <IconChevronLeft size={15} />
        </ActionIcon>
        <ActionIcon size={24} variant="subtle" color="gray" aria-label={next.label} data-testid={next.command} onClick={() => run(next.command)}>
          <IconChevronRight size={15} />
        </ActionIcon>{" "}
        <KeyHint command={next.command} />
      </span>
    </div>
  );
}
