import { SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ModelCard } from "@/api/types";

export const CARD = ["input_bands", "normalisation", "licence", "reference", "notes"] as const satisfies readonly (keyof ModelCard)[];

interface Props {
  card: ModelCard;
  onChange: (card: ModelCard) => void;
}

/** What people should know of the model before they use it. */
export function CardFields({ card, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {CARD.filter((name) => name !== "notes").map((name) => (
          <TextInput key={name} label={t(`models.card.${name}`)} description={t(`models.card.${name}Hint`)} value={card[name] ?? ""} onChange={(event) => onChange({ ...card, [name]: event.currentTarget.value })} data-testid={`card-${name}`} />
        ))}
      </SimpleGrid>
      <Textarea label={t("models.card.notes")} description={t("models.card.notesHint")} autosize minRows={2} maxRows={12} value={card.notes ?? ""} onChange={(event) => onChange({ ...card, notes: event.currentTarget.value })} data-testid="card-notes" />
    </Stack>
  );
}
