import { Badge, Button, Card, Drawer, Group, Pagination, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconArrowRight, IconCheck, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { thumbnailUrl } from "@/api/thumbnails";
import { type ImagesQuestion, type MeasuredImage, type Statistics, type Subject, type Thresholds, useMeasuredImages } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { keepScope } from "@/pages/labeling/scope";
import { ErrorState, LoadingRows } from "@/parts/states";
import { CloserLook } from "./CloserLook";
import { FixLabel } from "./FixLabel";
import { JudgedObjects, Story } from "./JudgedObjects";
import { Legend } from "./Legend";
import { Outcome } from "./Outcome";
import classes from "./ImagesViewer.module.css";

const A_PAGE = 24;
const OUTCOMES = ["all", "correct", "incorrect", "above", "below", "unsure", "decided"] as const;
const ORDERS = ["-loss", "-uncertainty", "-confidence", "confidence", "id"] as const;
/** What is said of a pixel carries no confidence here: nothing is above or below a threshold, or sure. */
const OF_AREAS: ReadonlySet<string> = new Set(["all", "correct", "incorrect", "-loss", "id"]);

interface ListProps {
  campaign: Campaign;
  subject: Subject;
  thresholds: Thresholds;
  question: ImagesQuestion;
  kind: Statistics["kind"];
  onLook?: (open: boolean) => void;
}

function Tile({ campaign, subject, image, thresholds, ids, kind, onLook }: Omit<ListProps, "question"> & { image: MeasuredImage; ids: readonly number[] }) {
  const { t } = useTranslation();
  const objects = kind !== "labels";
  // Hardly an image is right in every pixel, so that the share that is right says more.
  const areas = kind === "areas";
  return (
    <li className={classes["item"]} data-testid="measured-image" data-correct={image.correct}>
      <Link
        to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image: image.image, scope: "selection" }} onClick={() => keepScope(campaign.id, { kind: "selection", ids })}
        className={classes["picture"]} aria-label={t("statistics.open", { name: image.name })}
      >
        <img src={thumbnailUrl(image.image)} alt="" loading="lazy" decoding="async" data-whole={objects || undefined} />
        {objects && <JudgedObjects campaign={campaign} subject={subject} thresholds={thresholds} image={image.image} />}
        <Badge className={classes["mark"]} variant="filled" color={image.correct ? "pine" : areas ? "dark" : "red"} leftSection={image.correct ? <IconCheck size={12} /> : areas ? undefined : <IconX size={12} />}>
          {areas && !image.correct ? t("statistics.shareRight", { share: (100 * (1 - (image.loss ?? 0))).toFixed(1) }) : t(image.correct ? "statistics.right" : "statistics.wrong")}
        </Badge>
      </Link>
      <span className={classes["fix"]}>
        {objects ? <CloserLook {...{ campaign, subject, thresholds, image, ids, kind, onLook }} /> : image.fixable && <FixLabel campaign={campaign} image={image} />}
      </span>
      {objects && !areas && <Story subject={subject} thresholds={thresholds} image={image.image} />}
      <Outcome campaign={campaign} image={image} thresholds={thresholds} />
    </li>
  );
}

/** Images with what is true and what was said; a click opens one in the labeling tool, and the next ones after it. */
export function MeasuredImages({ campaign, subject, thresholds, question, kind, onLook, narrow = false }: ListProps & { narrow?: boolean }) {
  const { t } = useTranslation();
  const [page, setPage] = useState(1);
  const query = useMeasuredImages(subject, thresholds, question, (page - 1) * A_PAGE, A_PAGE);
  if (query.error !== null) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <LoadingRows rows={2} />;
  const { count, ids, results } = query.data;
  const first = ids[0];
  if (first === undefined) return <Text size="sm">{t("statistics.noneSuch")}</Text>;
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" data-testid="measured-count">
          {t("statistics.imageCount", { count })}
        </Text>
        <Button
          size="xs" variant="default" rightSection={<IconArrowRight size={15} />} data-testid="fix-labels"
          renderRoot={(props) => <Link {...props} to="/campaigns/$campaignId/label" params={{ campaignId: campaign.id }} search={{ image: first, scope: "selection" }} onClick={() => keepScope(campaign.id, { kind: "selection", ids })} />}
        >
          {t("statistics.fix", { count })}
        </Button>
      </Group>
      <SimpleGrid component="ul" className={classes["list"]} cols={narrow ? { base: 2, sm: 3, lg: 4 } : { base: 2, sm: 3, md: 4, lg: 6 }}>
        {results.map((image) => (
          <Tile key={image.image} {...{ campaign, subject, image, thresholds, ids, kind }} {...(onLook === undefined ? {} : { onLook })} />
        ))}
      </SimpleGrid>
      {count > A_PAGE && <Pagination total={Math.ceil(count / A_PAGE)} value={page} onChange={setPage} size="sm" getControlProps={(control) => ({ "aria-label": t(`statistics.page.${control}`) })} getItemProps={(number) => ({ "aria-label": t("statistics.pageNumber", { number }) })} />}
    </Stack>
  );
}

/** Predictions with filters: right, wrong, above or below a threshold, the most surprising or the least sure first. */
export function ImagesViewer({ campaign, subject, thresholds, kind }: Omit<ListProps, "question">) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState<(typeof OUTCOMES)[number]>("incorrect");
  const [order, setOrder] = useState<(typeof ORDERS)[number]>("-loss");
  const [label, setLabel] = useState("");
  const offered = (one: string) => kind !== "areas" || OF_AREAS.has(one);
  const needsLabel = outcome === "above" || outcome === "below";
  const chosen = label === "" && needsLabel ? String(campaign.labels[0]?.id ?? "") : label;
  const question: ImagesQuestion = { outcome, order, ...(chosen === "" ? {} : { label: Number(chosen) }) };
  return (
    <Card data-testid="predictions">
      <Title order={2} fz={18} mb="sm">
        {t("statistics.predictions")}
      </Title>
      <Group mb="sm" align="flex-end">
        <Select size="xs" w={170} label={t("statistics.show")} allowDeselect={false} value={outcome} onChange={(value) => setOutcome((value ?? "all") as typeof outcome)} data={OUTCOMES.filter(offered).map((value) => ({ value, label: t(`statistics.outcome.${value}`) }))} data-testid="outcome" />
        <Select
          size="xs" w={180} searchable label={t("statistics.label")} allowDeselect={false} value={chosen} onChange={(value) => setLabel(value ?? "")}
          data={[...(needsLabel ? [] : [{ value: "", label: t("statistics.allLabels") }]), ...campaign.labels.map((one) => ({ value: String(one.id), label: one.name }))]}
        />
        <Select size="xs" w={190} label={t("statistics.order")} allowDeselect={false} value={order} onChange={(value) => setOrder((value ?? "-loss") as typeof order)} data={ORDERS.filter(offered).map((value) => ({ value, label: t(`statistics.orders.${value}`) }))} />
      </Group>
      <Legend kind={kind} />
      <MeasuredImages key={JSON.stringify(question)} {...{ campaign, subject, thresholds, question, kind }} />
    </Card>
  );
}

/** The images of a cell or of a label's errors, over the page. */
export function ImagesDrawer({ campaign, subject, thresholds, question, kind, onClose }: Omit<ListProps, "question"> & { question: ImagesQuestion | null; onClose: () => void }) {
  const { t } = useTranslation();
  const name = (id: number | undefined) => (id === 0 || id === undefined ? t("statistics.nothingWord") : (campaign.labels.find((label) => label.id === id)?.name ?? String(id)));
  const title = question?.outcome === "unsure" ? t("statistics.unsureTitle") : question?.true === undefined ? t("statistics.errorsOf", { name: name(question?.label) }) : t("statistics.cellTitle", { true: name(question.true), said: name(question.said) });
  const [looking, setLooking] = useState(false);
  return (
    <Drawer opened={question !== null} onClose={onClose} closeOnEscape={!looking} position="right" size="xl" title={title}>
      {question !== null && <MeasuredImages key={JSON.stringify(question)} {...{ campaign, subject, thresholds, kind }} narrow onLook={setLooking} question={{ order: "-loss", ...question }} />}
    </Drawer>
  );
}
