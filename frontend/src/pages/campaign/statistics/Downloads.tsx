import { Button, Card, Group, Select, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Pictures, statisticsFileUrl, type Subject } from "@/api/statistics";

const KINDS = ["zip", "coco", "csv"] as const;
const PICTURES: readonly Pictures[] = ["small", "original", "none"];

/** Truth and answers of the slice as files. */
export function Downloads({ subject }: { subject: Subject }) {
  const { t } = useTranslation();
  const [pictures, setPictures] = useState<Pictures>("small");
  return (
    <Card data-testid="statistics-downloads">
      <Title order={2} fz={18}>
        {t("statistics.downloads")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t("statistics.downloadsText")}
      </Text>
      <Group align="flex-end">
        <Select
          size="xs" w={230} label={t("statistics.pictures")} allowDeselect={false} value={pictures} onChange={(value) => setPictures((value ?? "small") as Pictures)}
          data={PICTURES.map((value) => ({ value, label: t(`statistics.picture.${value}`) }))} data-testid="download-pictures"
        />
        {KINDS.map((kind) => (
          <Button key={kind} size="xs" variant="default" leftSection={<IconDownload size={15} />} component="a" href={statisticsFileUrl(subject, kind, pictures)} download data-testid={`download-${kind}`}>
            {t(`statistics.file.${kind}`)}
          </Button>
        ))}
      </Group>
    </Card>
  );
}
