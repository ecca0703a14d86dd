import { Anchor, Code, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyText } from "@/parts/CopyText";
import { Disclosure } from "@/parts/Disclosure";
import { LANGUAGES, type Language, sampleIn } from "./samples";

/** How a program asks this model, ready to be copied. */
export function ScriptSamples({ campaign, model }: { campaign: number; model: number }) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<Language>("curl");
  const text = sampleIn(language, { origin: window.location.origin, campaign, model });
  return (
    <Disclosure label={t("scripts.title")}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("scripts.text")}{" "}
          <Anchor component={Link} to="/settings" inherit>
            {t("scripts.token")}
          </Anchor>
        </Text>
        <Group justify="space-between">
          <SegmentedControl
            size="xs" aria-label={t("scripts.language")} value={language} onChange={(value) => setLanguage(value as Language)}
            data={LANGUAGES.map((value) => ({ value, label: t(`scripts.name.${value}`) }))}
          />
          <CopyText text={text} />
        </Group>
        <Code block data-testid="script-sample" tabIndex={0} aria-label={t(`scripts.name.${language}`)}>
          {text}
        </Code>
      </Stack>
    </Disclosure>
  );
}
