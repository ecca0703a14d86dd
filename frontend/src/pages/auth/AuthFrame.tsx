import { Anchor, Box, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "@/parts/Brand";
import { ColorSchemeButton } from "@/parts/Shell";
import classes from "./AuthFrame.module.css";

const STEPS = ["images", "model", "label", "train"] as const;

/** The two pages before the house: a form beside what awaits. */
export function AuthFrame({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className={classes["frame"]}>
      <aside className={classes["aside"]} aria-label={t("auth.aside")}>
        <Group gap={12}>
          <Mark size={38} />
          <Text className={classes["wordmark"]}>Winnow</Text>
        </Group>
        <Stack gap="xl" maw={430}>
          <Text className={classes["claim"]}>{t("auth.claim")}</Text>
          <ol className={classes["steps"]}>
            {STEPS.map((step, index) => (
              <li key={step}>
                <span className={classes["number"]}>{index + 1}</span>
                {t(`auth.steps.${step}`)}
              </li>
            ))}
          </ol>
        </Stack>
        <Text size="sm" className={classes["foot"]}>
          {t("auth.foot")}
        </Text>
      </aside>
      <main className={classes["main"]}>
        <Box pos="absolute" top={16} right={16}>
          <ColorSchemeButton />
        </Box>
        <Paper p={{ base: "lg", sm: 36 }} withBorder w="100%" maw={430}>
          <Stack gap="lg">
            <div>
              <Title order={1} fz={26}>
                {title}
              </Title>
              <Text c="dimmed" mt={6} size="sm">
                {lead}
              </Text>
            </div>
            {children}
          </Stack>
        </Paper>
        <Anchor href="/api/v1/docs" size="sm" mt="lg">
          {t("auth.docs")}
        </Anchor>
      </main>
    </div>
  );
}
