import { Card, Group, SimpleGrid, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Figure, Statistics } from "@/api/statistics";
import { Disclosure } from "@/parts/Disclosure";
import { divided, range, shown } from "./figures";
import { Help } from "./Help";

export function useFigureName(): (name: string) => string {
  const { t, i18n } = useTranslation();
  return (name) => (i18n.exists(`statistics.figure.${name}`) ? t(`statistics.figure.${name}` as "statistics.figure.accuracy") : name.replaceAll("_", " "));
}

function One({ figure, help }: { figure: Figure; help: string | undefined }) {
  const { t } = useTranslation();
  const name = useFigureName()(figure.name);
  const interval = range(figure);
  return (
    <div data-testid={`figure-${figure.name}`}>
      <Group gap={2} wrap="nowrap">
        <Text size="sm" c="dimmed">
          {name}
        </Text>
        <Help about={name} text={help} />
      </Group>
      <Text fz={22} fw={650} lh={1.2} className="winnow-numbers">
        {shown(figure.value, figure.name)}
      </Text>
      <Text size="xs" c="dimmed" className="winnow-numbers" mih={18}>
        {interval !== null ? t("statistics.interval", { range: interval }) : figure.value !== null && t("statistics.tooFew")}
      </Text>
    </div>
  );
}

/** The figures of all labels together. */
export function Figures({ statistics }: { statistics: Statistics }) {
  const { t } = useTranslation();
  const { first, rest } = divided(statistics);
  const grid = (figures: readonly Figure[]) => (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="md">
      {figures.map((figure) => (
        <One key={figure.name} figure={figure} help={statistics.help[figure.name]} />
      ))}
    </SimpleGrid>
  );
  return (
    <Card data-testid="statistics-figures">
      <Title order={2} fz={18} mb={4}>
        {t("statistics.overall")}
      </Title>
      <Text size="sm" c="dimmed" mb="sm" maw={760}>
        {t("statistics.intervalHelp")}
      </Text>
      {grid(first)}
      {rest.length > 0 && <Disclosure label={t("statistics.more")}>{grid(rest)}</Disclosure>}
    </Card>
  );
}
