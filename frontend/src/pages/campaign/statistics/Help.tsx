import { ActionIcon, Popover, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** One sentence on a figure, behind a small button that the keyboard and a finger reach too. */
export function Help({ about, text }: { about: string; text: string | undefined }) {
  const { t } = useTranslation();
  if (text === undefined) return null;
  return (
    <Popover width={280} withArrow shadow="md" position="top">
      <Popover.Target>
        <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("statistics.about", { name: about })}>
          <IconInfoCircle size={15} aria-hidden="true" />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" tt="none">
          {text}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
