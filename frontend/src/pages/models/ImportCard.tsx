import { Alert, Button, FileButton, Group, List, Stack, Text } from "@mantine/core";
import { IconId } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useReadCard } from "@/api/models";
import { messageOf } from "@/api/problems";
import type { ImportedCard } from "@/api/types";

interface Props {
  onRead: (card: ImportedCard) => void;
}

/** A model card of the STAC extension, from its file: it fills in the form below, and says what it could not carry over. */
export function ImportCard({ onRead }: Props) {
  const { t } = useTranslation();
  const read = useReadCard();
  const [broken, setBroken] = useState(false);
  const choose = async (file: File | null) => {
    if (file === null) return;
    let document: unknown;
    try {
      document = JSON.parse(await file.text());
    } catch {
      setBroken(true);
      return;
    }
    setBroken(false);
    read.mutate(document, { onSuccess: onRead });
  };
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <FileButton accept=".json,.geojson,application/json" onChange={(file) => void choose(file)} inputProps={{ "aria-label": t("cardImport.button") }}>
          {(props) => (
            <Button {...props} variant="default" size="xs" leftSection={<IconId size={16} />} loading={read.isPending} data-testid="import-card">
              {t("cardImport.button")}
            </Button>
          )}
        </FileButton>
        <Text size="xs" c="dimmed">
          {t("cardImport.text")}
        </Text>
      </Group>
      {(broken || read.error !== null) && (
        <Alert color="red" role="alert" data-testid="card-error">
          {broken ? t("cardImport.notJson") : messageOf(read.error)}
        </Alert>
      )}
      {read.data !== undefined && !broken && (
        <Alert color={read.data.warnings.length === 0 ? "pine" : "yellow"} title={t("cardImport.done")} data-testid="card-read" aria-live="polite">
          <List size="sm">
            {read.data.warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}
