import { Anchor, Card, Code, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RegisteredModel } from "@/api/types";
import { CARD } from "./CardFields";
import classes from "./ModelCard.module.css";

/** What a model is, for whoever wants to use it. Nothing is shown where nothing is known. */
export function ModelCard({ model }: { model: RegisteredModel }) {
  const { t } = useTranslation();
  const told = CARD.filter((name) => (model.card[name] ?? "") !== "");
  const extra = model.options["extra"] as Record<string, unknown> | undefined;
  const licence = model.kind === "promptable" && typeof extra?.["licence"] === "string" ? extra["licence"] : "";
  if (model.description === "" && told.length === 0 && licence === "" && model.classes.length === 0) return null;
  return (
    <Card data-testid="model-card">
      <Stack gap="sm">
        <Title order={2} fz={18}>
          {t("models.card.title")}
        </Title>
        {model.description !== "" && <Text style={{ whiteSpace: "pre-line" }}>{model.description}</Text>}
        <dl className={classes["facts"]}>
          {model.classes.length > 0 && (
            <>
              <dt>{t("models.classes")}</dt>
              <dd>{model.classes.map((one) => one.name).join(", ")}</dd>
            </>
          )}
          {model.url !== "" && (
            <>
              <dt>{t("models.url")}</dt>
              <dd>
                <Code style={{ overflowWrap: "anywhere" }}>{model.url}</Code>
              </dd>
            </>
          )}
          {told.map((name) => (
            <Fact key={name} title={t(`models.card.${name}`)} text={model.card[name] ?? ""} />
          ))}
          {licence !== "" && <Fact title={t("models.card.licence")} text={licence} />}
        </dl>
      </Stack>
    </Card>
  );
}

function Fact({ title, text }: { title: string; text: string }) {
  const link = /^https?:\/\/\S+$/.test(text);
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {link ? (
          <Anchor href={text} target="_blank" rel="noreferrer noopener">
            {text}
          </Anchor>
        ) : (
          text
        )}
      </dd>
    </>
  );
}
