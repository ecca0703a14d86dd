import { Button, Card, Checkbox, Group, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useUpdateCampaign } from "@/api/campaigns";
import { notifyDone } from "@/api/queryClient";
import type { Campaign } from "@/api/types";
import { drawnShapes } from "./drawnShapes";

type Shapes = NonNullable<Campaign["settings"]["shapes"]>;

/** Which shapes annotators draw with: those that fit the task, or the campaign's own choice. */
export function ChosenShapes({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const save = useUpdateCampaign(campaign.id);
  const shapes = drawnShapes();
  const usual = shapes.filter((shape) => shape.tasks.includes(campaign.task)).map(({ type }) => type);
  const saved = campaign.settings.shapes ?? null;
  const [chosen, setChosen] = useState<readonly string[]>(saved ?? usual);
  const isUsual = chosen.length === usual.length && usual.every((type) => chosen.includes(type));
  const now = saved ?? usual;
  const changed = chosen.length !== now.length || chosen.some((type) => !(now as readonly string[]).includes(type));
  const store = () => save.mutate({ settings: { shapes: isUsual ? null : ([...chosen] as Shapes) } }, { onSuccess: () => notifyDone(t("shapes.saved")) });
  return (
    <Card data-testid="chosen-shapes">
      <Title order={2} fz={18}>
        {t("shapes.title")}
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {t("shapes.hint")}
      </Text>
      <Checkbox.Group value={[...chosen]} onChange={setChosen} aria-label={t("shapes.title")}>
        <Group gap="lg">
          {shapes.map(({ type, title }) => (
            <Checkbox key={type} value={type} label={title} data-testid={`shape-${type}`} />
          ))}
        </Group>
      </Checkbox.Group>
      <Group mt="md">
        <Button variant="default" disabled={!changed || chosen.length === 0} loading={save.isPending} onClick={store} data-testid="save-shapes">
          {t("states.save")}
        </Button>
        {!isUsual && (
          <Button variant="subtle" color="gray" onClick={() => setChosen(usual)}>
            {t("shapes.usual")}
          </Button>
        )}
      </Group>
    </Card>
  );
}
