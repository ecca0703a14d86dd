import { ActionIcon, Tooltip } from "@mantine/core";
import { IconVectorTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Skeleton } from "@/core/skeleton";
import { SkeletonEditor } from "./SkeletonEditor";

interface Props {
  name: string;
  value: Skeleton | null;
  saving?: boolean;
  /** Null takes the skeleton away; call `done` when it is kept. */
  onSave: (skeleton: Skeleton | null, done: () => void) => void;
}

/** Opens the editor of a label's skeleton; filled when there is one. */
export function SkeletonButton({ name, value, saving = false, onSave }: Props) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const title = t("skeleton.open", { name: name || t("skeleton.thisLabel") });
  return (
    <>
      <Tooltip label={title}>
        <ActionIcon variant={value ? "light" : "subtle"} color={value ? undefined : "gray"} size={36} aria-label={title} data-testid={`skeleton-of-${name}`} onClick={() => setOpened(true)}>
          <IconVectorTriangle size={17} />
        </ActionIcon>
      </Tooltip>
      <SkeletonEditor name={name} value={value} opened={opened} saving={saving} onClose={() => setOpened(false)} onSave={(skeleton) => onSave(skeleton, () => setOpened(false))} />
    </>
  );
}
