import { Button, Card, Group, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { statisticsFileUrl, type Subject } from "@/api/statistics";

const KINDS = ["zip", "coco", "csv"] as const;

/** Truth and answers of the slice as files. */
export function Downloads({ subject }: { subject: Subject }) {
  const { t } = useTranslation();
  return (
    <Card data-testid="statistics-downloads">
      <Title order={2} fz={18}>
        {t("statistics.downloads")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t("statistics.downloadsText")}
      </Text>
      <Group>
        {KINDS.map((kind) => (
          <Button key={kind} size="xs" variant="default" leftSection={<IconDownload size={15} />} component="a" href={statisticsFileUrl(subject, kind)} download data-testid={`download-${kind}`}>
            {t(`statistics.file.${kind}`)}
          </Button>
        ))}
      </Group>
    </Card>
  );
}
