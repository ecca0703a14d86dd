import { Button, Drawer, Group, Loader, Text } from "@mantine/core";
import { IconArrowBackUp, IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type Change, useChanges } from "@/api/gallery";
import { EmptyState, ErrorState } from "@/parts/states";
import { When } from "@/parts/When";
import classes from "./Changes.module.css";

interface Props {
  campaign: number;
  opened: boolean;
  onClose: () => void;
  onUndo: (change: Change) => void;
}

/** What was done in the campaign to many images at once and to its labels, each with the way back. */
export function ChangesDrawer({ campaign, opened, onClose, onUndo }: Props) {
  const { t } = useTranslation();
  const { items, isPending, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useChanges(campaign, opened);
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size={420} title={t("changes.title")} closeButtonProps={{ "aria-label": t("states.close") }} data-testid="changes">
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {error === null && isPending && <Loader aria-label={t("states.loading")} />}
      {!isPending && items.length === 0 && (
        <EmptyState icon={<IconHistory size={26} />} title={t("changes.none")}>
          {t("changes.noneText")}
        </EmptyState>
      )}
      <ol className={classes["list"]}>
        {items.map((change) => (
          <Entry key={change.id} change={change} onUndo={() => onUndo(change)} />
        ))}
      </ol>
      {hasNextPage && (
        <Button variant="default" size="xs" fullWidth mt="sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()} data-testid="older-changes">
          {t("changes.older")}
        </Button>
      )}
    </Drawer>
  );
}

function Entry({ change, onUndo }: { change: Change; onUndo: () => void }) {
  const { t } = useTranslation();
  const undone = change.undone_at !== null;
  const facts = [
    change.images > 0 && t("changes.images", { count: change.images }),
    change.left_out > 0 && t("changes.leftOut", { count: change.left_out }),
    change.left_alone > 0 && t("changes.leftAlone", { count: change.left_alone }),
  ].filter((fact) => fact !== false);
  return (
    <li className={classes["entry"]} data-undone={undone || undefined} data-testid="change" data-change={change.id}>
      <div className={classes["what"]}>
        <Text size="sm" fw={500} className={classes["title"]}>
          {change.title}
        </Text>
        <Group gap={6} className={classes["facts"]}>
          <Text size="sm" c="dimmed">
            {change.author?.username ?? t("changes.nobody")}
          </Text>
          <When time={change.created_at} />
          {facts.length > 0 && (
            <Text size="sm" c="dimmed" className="winnow-numbers">
              {facts.join(", ")}
            </Text>
          )}
        </Group>
        {undone && !change.at_work && (
          <Text size="sm" c="dimmed">
            {t("changes.undoneBy", { who: change.undone_by?.username ?? t("changes.nobody") })}
          </Text>
        )}
        {change.at_work && (
          <Text size="sm" c="dimmed" role="status">
            {t(undone ? "changes.isUndone" : "changes.atWork")}
          </Text>
        )}
      </div>
      {change.may_undo && (
        <Button size="xs" variant="default" leftSection={<IconArrowBackUp size={15} />} aria-label={t("changes.undoOf", { what: change.title })} onClick={onUndo} data-testid="undo-change">
          {t("gallery.undo")}
        </Button>
      )}
    </li>
  );
}
