import { ActionIcon, Button, Group, SegmentedControl, Slider, Text, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconHistory, IconKeyboard, IconLasso, IconLayoutGrid, IconLayoutSidebarRight, IconMarquee2, IconPhotoSearch, IconPlus, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Campaign } from "@/api/types";
import classes from "./Gallery.module.css";
import type { Labeler } from "./labeler";
import { COLUMNS, galleryStore, type Look, useGallery } from "./store";

interface Props {
  campaign: Campaign;
  count: number;
  labeler: Labeler;
  panel: boolean;
  onPanel: () => void;
  selectMenu: ReactNode;
  onAdd: (() => void) | undefined;
  onRefresh: () => void;
  onChanges: () => void;
  onSimilar: () => void;
}

/** How many there are, how they are looked at, and how to choose among them. */
export function Toolbar({ campaign, count, labeler, panel, onPanel, selectMenu, onAdd, onRefresh, onChanges, onSimilar }: Props) {
  const { t } = useTranslation();
  const { look, columns, lasso } = useGallery(campaign.id, (state) => state);
  const { undoes, unsaved } = useStore(labeler.store);
  const set = galleryStore(campaign.id).setState;
  return (
    <Group gap="xs" justify="space-between" className={classes["tools"]}>
      <Group gap="xs">
        {selectMenu}
        <Text size="sm" className="winnow-numbers" data-testid="image-count" data-count={count}>
          {t("gallery.count", { count })}
        </Text>
        <Tool label={t("gallery.refresh")} onClick={onRefresh}>
          <IconRefresh size={17} />
        </Tool>
        <Tool label={undoes === null ? t("gallery.undo") : t("gallery.undoOf", { what: undoes })} disabled={undoes === null} onClick={() => labeler.undo()} testId="undo-labeling">
          <IconArrowBackUp size={18} />
        </Tool>
        <Tool label={t("changes.open")} onClick={onChanges} testId="open-changes">
          <IconHistory size={18} />
        </Tool>
        <Tool label={t("similar.byPicture")} onClick={onSimilar} testId="open-similar">
          <IconPhotoSearch size={18} />
        </Tool>
        <Text size="xs" c="dimmed" role="status" data-testid="unsaved" data-count={unsaved}>
          {unsaved > 0 ? t("gallery.saving", { count: unsaved }) : ""}
        </Text>
      </Group>
      <Group gap="xs">
        {look === "grid" && (
          <Slider w={110} size="sm" min={COLUMNS.least} max={COLUMNS.most} value={columns} onChange={(next) => set({ columns: next })} label={t("gallery.columns", { count: columns })} thumbLabel={t("gallery.columnsLabel")} data-testid="columns" />
        )}
        <Tool label={t(lasso === "loop" ? "gallery.lassoLoop" : "gallery.lassoRectangle")} pressed={lasso === "loop"} onClick={() => set({ lasso: lasso === "loop" ? "rectangle" : "loop" })} testId="lasso-shape">
          {lasso === "loop" ? <IconLasso size={18} /> : <IconMarquee2 size={18} />}
        </Tool>
        <SegmentedControl
          size="xs"
          aria-label={t("gallery.look")}
          value={look}
          onChange={(next) => set({ look: next as Look })}
          data={[
            { value: "gallery", label: <LookName icon={<IconLayoutGrid size={15} />} text={t("gallery.looks.gallery")} /> },
            { value: "grid", label: <LookName icon={<IconKeyboard size={15} />} text={t("gallery.looks.grid")} /> },
          ]}
          data-testid="look"
        />
        <Tool label={t("gallery.panel")} pressed={panel} onClick={onPanel} testId="toggle-panel">
          <IconLayoutSidebarRight size={18} />
        </Tool>
        {onAdd !== undefined && (
          <Button variant="default" size="xs" leftSection={<IconPlus size={15} />} onClick={onAdd} data-testid="add-images">
            {t("images.add")}
          </Button>
        )}
      </Group>
    </Group>
  );
}

function LookName({ icon, text }: { icon: ReactNode; text: string }) {
  return (
    <Group gap={5} wrap="nowrap">
      {icon}
      {text}
    </Group>
  );
}

interface ToolProps {
  label: string;
  onClick: () => void;
  children: ReactNode;
  pressed?: boolean;
  disabled?: boolean;
  testId?: string;
}

function Tool({ label, onClick, children, pressed, disabled = false, testId }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant={pressed === true ? "light" : "subtle"} color={pressed === true ? "pine" : "gray"} size={30} aria-label={label} disabled={disabled} onClick={onClick} data-testid={testId} {...(pressed === undefined ? {} : { "aria-pressed": pressed })}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
