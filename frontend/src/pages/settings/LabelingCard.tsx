import { Card, Group, Radio, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useChangePreferences, usePreferences } from "@/api/preferences";
import { KeyEditor } from "@/keys/KeyEditor";
import type { Keys } from "@/keys/keymap";
import { colorsOf, isPalette, PALETTES, type Palette } from "@/keys/palettes";
import { COMMAND_BINDABLES, keysOf, labelOf } from "@/pages/labeling/page-keys";

/** How the labeling page works for this person: colours, the order of labels, keys. */
export function LabelingCard() {
  const { t } = useTranslation();
  const preferences = usePreferences();
  const change = useChangePreferences();
  const palette = isPalette(preferences?.palette) ? preferences.palette : "campaign";
  return (
    <>
      <Card>
        <Title order={2} fz={18} mb="sm" id="palette">
          {t("settings.palette")}
        </Title>
        <Text size="sm" c="dimmed" mb="sm">
          {t("settings.paletteText")}
        </Text>
        <Radio.Group aria-labelledby="palette" value={palette} onChange={(value) => isPalette(value) && change((now) => ({ ...now, palette: value }))}>
          <Stack gap="xs">
            {PALETTES.map((name) => (
              <PaletteChoice key={name} name={name} />
            ))}
          </Stack>
        </Radio.Group>
        <Title order={3} fz={15} mt="lg" mb="xs" id="label-order">
          {t("settings.labelOrder")}
        </Title>
        <SegmentedControl
          aria-labelledby="label-order"
          value={preferences?.label_order ?? "smart"}
          onChange={(value) => change((now) => ({ ...now, label_order: value as "smart" | "campaign" }))}
          data={(["smart", "campaign"] as const).map((value) => ({ value, label: t(`settings.order.${value}`) }))}
        />
      </Card>
      <Card data-testid="keys-card">
        <Title order={2} fz={18}>
          {t("settings.keys")}
        </Title>
        <Text size="sm" c="dimmed" mb="md">
          {t("settings.keysText")}
        </Text>
        <MyKeys />
      </Card>
    </>
  );
}

function PaletteChoice({ name }: { name: Palette }) {
  const { t } = useTranslation();
  return (
    <Radio
      value={name}
      data-testid={`palette-${name}`}
      label={
        <Group gap={6}>
          {t(`settings.palettes.${name}`)}
          <span aria-hidden="true" style={{ display: "inline-flex", gap: 2 }}>
            {colorsOf(name).map((color) => (
              <span key={color} style={{ width: 16, height: 16, borderRadius: 4, background: color }} />
            ))}
          </span>
        </Group>
      }
    />
  );
}

/** Keys of commands; those of labels belong to a campaign and are chosen on its labeling page. */
function MyKeys() {
  const preferences = usePreferences();
  const change = useChangePreferences();
  const all = keysOf(preferences?.keys);
  const isLabel = ([id]: [string, unknown]): boolean => labelOf(id) !== null;
  const ofLabels = Object.fromEntries(Object.entries(all).filter(isLabel));
  const own = Object.fromEntries(Object.entries(all).filter((entry) => !isLabel(entry)));
  const choose = (keys: Keys): void => change((now) => ({ ...now, keys: Object.fromEntries(Object.entries({ ...ofLabels, ...keys }).map(([id, names]) => [id, [...names]])) }));
  return <KeyEditor bindables={COMMAND_BINDABLES} profiles={{ campaign: {}, own }} onChange={choose} />;
}
