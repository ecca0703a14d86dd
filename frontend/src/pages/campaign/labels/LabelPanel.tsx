import { ActionIcon, Autocomplete, Button, ColorPicker, Group, Kbd, Menu, Popover, Switch, Text, Tooltip, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconArrowMerge, IconBinaryTree, IconDots, IconFilter, IconMinus, IconPencil, IconPlus, IconStar, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLabelChanges } from "@/api/campaigns";
import { type LabelCount, type LabelCounts, type Query, useLabelCounts } from "@/api/gallery";
import type { Campaign, Label } from "@/api/types";
import { branches } from "@/parts/labelTree";
import { nextLabel, PALETTE } from "@/parts/labelDrafts";
import { type Condition, type Mode } from "../images/filters/model";
import { galleryStore, useGallery } from "../images/store";
import { mayLabel, mayManage } from "../roles";
import classes from "./LabelPanel.module.css";
import type { LabelOperations } from "./useLabelOperations";

/** What the panel does to the chosen images, or to all shown ones where none is chosen. */
export interface PanelActions {
  add(label: number): void;
  remove(label: number): void;
  makeDefaultWhereThere(label: number): void;
  filterBy(mode: Mode, condition: Condition): void;
}

interface Props {
  campaign: Campaign;
  /** The filter that the counts are of. */
  query: Query;
  chosen: number;
  keys: ReadonlyMap<number, string>;
  operations: LabelOperations;
  actions: PanelActions;
}

/** Every label with its count, and what can be done with it to the chosen images. */
export function LabelPanel({ campaign, query, chosen, keys, operations, actions }: Props) {
  const { t } = useTranslation();
  const counts = useLabelCounts(campaign.id, query);
  const byLabel = new Map((counts.data?.labels ?? []).map((one) => [one.label, one]));
  const most = Math.max(1, ...[...byLabel.values()].map((one) => one.images));
  const labeler = mayLabel(campaign.role);
  const submit = useGallery(campaign.id, (state) => state.submit);
  return (
    <aside className={classes["panel"]} aria-label={t("panel.title")} data-testid="label-panel">
      <Group justify="space-between" gap="xs">
        <Text fw={600}>{t("panel.title")}</Text>
        <Text size="xs" c="dimmed">
          {chosen > 0 ? t("panel.onSelection", { count: chosen }) : t("panel.chooseFirst")}
        </Text>
      </Group>
      {labeler && <AddBox campaign={campaign} chosen={chosen} onAdd={actions.add} />}
      <ul className={classes["list"]}>
        {branches(campaign.labels).map(({ label, depth }) => (
          <Row key={label.id} campaign={campaign} label={label} depth={depth} count={byLabel.get(label.id)} most={most} chosen={chosen} hotkey={keys.get(label.id)} operations={operations} actions={actions} />
        ))}
      </ul>
      {campaign.labels.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("panel.empty")}
        </Text>
      )}
      {counts.data !== undefined && <Warnings campaign={campaign} counts={counts.data} actions={actions} />}
      {labeler && <Switch size="xs" checked={submit} onChange={(event) => galleryStore(campaign.id).setState({ submit: event.currentTarget.checked })} label={t("panel.submit")} description={t("panel.submitHint")} data-testid="submit-at-once" />}
    </aside>
  );
}

function AddBox({ campaign, chosen, onAdd }: { campaign: Campaign; chosen: number; onAdd: (label: number) => void }) {
  const { t } = useTranslation();
  const { create } = useLabelChanges(campaign.id);
  const [text, setText] = useState("");
  const name = text.trim();
  const known = campaign.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
  const mayCreate = mayManage(campaign.role);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name === "" || (known === undefined && !mayCreate)) return;
    const label = known ?? (await create.mutateAsync(nextLabel(campaign.labels, name)));
    setText("");
    if (chosen > 0) onAdd(label.id);
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <Group gap={6} wrap="nowrap">
        <Autocomplete
          size="xs"
          aria-label={t("panel.box")}
          placeholder={t("panel.box")}
          data={campaign.labels.map((label) => label.name)}
          value={text}
          onChange={setText}
          style={{ flex: 1 }}
          limit={8}
          data-testid="label-box"
        />
        <Button type="submit" size="xs" loading={create.isPending} disabled={name === "" || (known === undefined && !mayCreate) || (known !== undefined && chosen === 0)} data-testid="label-box-add">
          {t("labels.add")}
        </Button>
      </Group>
      {name !== "" && known === undefined && (
        <Text size="xs" c="dimmed" mt={4}>
          {mayCreate ? t("panel.makesNew", { name }) : t("panel.unknown")}
        </Text>
      )}
    </form>
  );
}

/** So far a label stands in from its parent, up to a depth beyond which names would have no room. */
const STEP_PX = 14;
const DEEPEST = 5;

interface RowProps {
  campaign: Campaign;
  label: Label;
  /** How many labels it stands under. */
  depth: number;
  count: LabelCount | undefined;
  most: number;
  chosen: number;
  hotkey: string | undefined;
  operations: LabelOperations;
  actions: PanelActions;
}

function Row({ campaign, label, depth, count, most, chosen, hotkey, operations, actions }: RowProps) {
  const { t } = useTranslation();
  const manager = mayManage(campaign.role);
  const images = count?.images ?? 0;
  const family = count?.family_images ?? images;
  const parent = campaign.labels.find((one) => one.id === label.parent)?.name;
  return (
    <li className={classes["row"]} style={{ paddingInlineStart: 2 + STEP_PX * Math.min(depth, DEEPEST) }} data-depth={depth} data-testid={`panel-label-${label.name}`}>
      <Swatch label={label} editable={manager} onChange={(color) => operations.recolour(label, color)} />
      <span className={classes["name"]}>
        <span title={label.name}>
          {label.name}
          {parent !== undefined && <VisuallyHidden>{t("panel.under", { parent })}</VisuallyHidden>}
        </span>
        {hotkey !== undefined && <Kbd size="xs">{hotkey}</Kbd>}
      </span>
      <span className={classes["count"]} data-testid="label-count" data-count={family} title={family > images ? t("panel.withThoseBelow", { own: images }) : undefined}>
        {count?.few === true && (
          <Tooltip label={t("panel.few", { count: images })}>
            <IconAlertTriangle size={13} className={classes["few"]} role="img" aria-label={t("panel.few", { count: images })} />
          </Tooltip>
        )}
        {family.toLocaleString()}
      </span>
      {mayLabel(campaign.role) && (
        <>
          <Tooltip label={t("panel.add", { name: label.name, count: chosen })}>
            <ActionIcon size={24} variant="subtle" disabled={chosen === 0} aria-label={t("panel.add", { name: label.name, count: chosen })} onClick={() => actions.add(label.id)} data-testid="label-plus">
              <IconPlus size={15} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("panel.remove", { name: label.name, count: chosen })}>
            <ActionIcon size={24} variant="subtle" color="gray" disabled={chosen === 0} aria-label={t("panel.remove", { name: label.name, count: chosen })} onClick={() => actions.remove(label.id)} data-testid="label-minus">
              <IconMinus size={15} />
            </ActionIcon>
          </Tooltip>
        </>
      )}
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <ActionIcon size={24} variant="subtle" color="gray" aria-label={t("panel.more", { name: label.name })} data-testid="label-more">
            <IconDots size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconFilter size={15} />} onClick={() => actions.filterBy("all", { field: "label", value: String(label.id) })}>
            {t("panel.showWith")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFilter size={15} />} onClick={() => actions.filterBy("none", { field: "label", value: String(label.id) })}>
            {t("panel.showWithout")}
          </Menu.Item>
          {mayLabel(campaign.role) && (
            <Menu.Item leftSection={<IconStar size={15} />} onClick={() => actions.makeDefaultWhereThere(label.id)} data-testid="label-default">
              {chosen > 0 ? t("panel.defaultOnSelection") : t("panel.defaultOnShown")}
            </Menu.Item>
          )}
          {manager && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => operations.rename(label)} data-testid="label-rename">
                {t("labels.rename")}
              </Menu.Item>
              <Menu.Item leftSection={<IconBinaryTree size={15} />} onClick={() => operations.place(label)} data-testid="label-place">
                {t("panel.place")}
              </Menu.Item>
              <Menu.Item leftSection={<IconArrowMerge size={15} />} disabled={campaign.labels.length < 2} onClick={() => operations.merge(label)} data-testid="label-merge">
                {t("labels.merge")}
              </Menu.Item>
              <Menu.Item leftSection={<IconTrash size={15} />} c="var(--winnow-red-text)" onClick={() => operations.remove(label)} data-testid="label-remove">
                {t("panel.removeEverywhere")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <span className={classes["share"]} aria-hidden="true">
        <i style={{ width: `${(100 * images) / most}%`, background: label.color }} />
      </span>
    </li>
  );
}

function Swatch({ label, editable, onChange }: { label: Label; editable: boolean; onChange: (color: string) => void }) {
  const { t } = useTranslation();
  const [color, setColor] = useState(label.color);
  if (!editable) return <span className={classes["swatch"]} style={{ background: label.color }} />;
  return (
    <Popover position="bottom-start" shadow="md" trapFocus returnFocus onOpen={() => setColor(label.color)} onClose={() => onChange(color)}>
      <Popover.Target>
        <UnstyledButton className={classes["swatch"]} style={{ background: label.color }} aria-label={t("panel.recolour", { name: label.name })} data-testid="label-swatch" />
      </Popover.Target>
      <Popover.Dropdown>
        <ColorPicker value={color} onChange={setColor} format="hex" swatches={[...PALETTE]} saturationLabel={t("panel.saturation")} hueLabel={t("panel.hue")} />
      </Popover.Dropdown>
    </Popover>
  );
}

const STRONG_IMBALANCE = 5;

/** What would make a training worse than it need be. */
function Warnings({ campaign, counts, actions }: { campaign: Campaign; counts: LabelCounts; actions: PanelActions }) {
  const { t } = useTranslation();
  const used = counts.labels.filter((one) => one.images > 0);
  // As many as have a sign beside their count; before anything is labeled, that is no news.
  const few = used.length > 0 ? counts.labels.filter((one) => one.few).length : 0;
  const worst = used.toSorted((a, b) => b.imbalance - a.imbalance)[0];
  const nameOf = (id: number): string => campaign.labels.find((label) => label.id === id)?.name ?? "";
  const multi = campaign.settings.multi_label ?? false;
  return (
    <>
      {few > 0 && <Warning>{t("panel.fewLabels", { count: few })}</Warning>}
      {worst !== undefined && worst.imbalance >= STRONG_IMBALANCE && <Warning>{t("panel.imbalance", { name: nameOf(worst.label), times: Math.round(worst.imbalance) })}</Warning>}
      {multi && counts.unset_default > 0 && (
        <Warning action={t("panel.show")} onAction={() => actions.filterBy("all", { field: "default", value: "unset" })}>
          {t("panel.unset", { count: counts.unset_default })}
        </Warning>
      )}
      {counts.ambiguous_default > 0 && (
        <Warning action={t("panel.show")} onAction={() => actions.filterBy("all", { field: "default", value: "ambiguous" })}>
          {t("panel.ambiguous", { count: counts.ambiguous_default })}
        </Warning>
      )}
    </>
  );
}

function Warning({ children, action, onAction }: { children: string; action?: string; onAction?: () => void }) {
  return (
    <div className={classes["warning"]} data-testid="label-warning">
      <IconAlertTriangle size={14} aria-hidden="true" />
      <span>
        {children}{" "}
        {action !== undefined && (
          <UnstyledButton fz={12.5} td="underline" onClick={onAction}>
            {action}
          </UnstyledButton>
        )}
      </span>
    </div>
  );
}
