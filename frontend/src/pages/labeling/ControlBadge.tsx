import { Badge, Tooltip } from "@mantine/core";
import { IconFlask2 } from "@tabler/icons-react";
import type { Workspace } from "./workspace";

const WHY = "Control image: the models’ drafts are withheld here on purpose, as on a few images drawn at random. So it can be measured how much drafts help, and whether they mislead. Label it as if no model existed.";

/** Says that an image comes without drafts on purpose, and why. */
export function ControlBadge({ workspace }: { workspace: Workspace }) {
  if (!workspace.withheld) return null;
  return (
    <Tooltip label={WHY} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
      <Badge component="button" type="button" color="grape" variant="light" leftSection={<IconFlask2 size={13} aria-hidden="true" />} data-testid="control-image" aria-label={WHY} style={{ cursor: "help", textTransform: "none" }}>
        Shown without drafts
      </Badge>
    </Tooltip>
  );
}
