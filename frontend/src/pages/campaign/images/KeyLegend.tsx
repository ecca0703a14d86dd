import { Kbd, Switch, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Campaign } from "@/api/types";
import type { LabelKey } from "@/pages/labeling/label-keys";
import classes from "./Gallery.module.css";
import { galleryStore, useGallery } from "./store";

interface Props {
  campaign: Campaign;
  keys: readonly LabelKey[];
  onLabel: (label: number) => void;
}

const OTHERS = [
  ["A", "accept"],
  ["X", "reject"],
  ["⌫", "clear"],
  ["G", "default"],
  ["Space", "select"],
  ["Ctrl Z", "undo"],
] as const;

/** Which key does what in the grid; pressing it with the mouse does the same. */
export function KeyLegend({ campaign, keys, onLabel }: Props) {
  const { t } = useTranslation();
  const goOn = useGallery(campaign.id, (state) => state.goOn) ?? !(campaign.settings.multi_label ?? false);
  return (
    <div className={classes["legend"]} role="toolbar" aria-label={t("gallery.keys")} data-testid="key-legend">
      {keys.map(({ label, key }) => (
        <UnstyledButton key={label.id} className={classes["key"]} onClick={() => onLabel(label.id)} data-testid={`key-${label.name}`}>
          <i style={{ background: label.color }} />
          {label.name}
          {key !== null && <Kbd size="xs">{key}</Kbd>}
        </UnstyledButton>
      ))}
      <span className={classes["hints"]}>
        {OTHERS.map(([key, word]) => (
          <span key={key}>
            <Kbd size="xs">{key}</Kbd> {t(`gallery.does.${word}`)}
          </span>
        ))}
      </span>
      <Switch size="xs" label={t("gallery.goOn")} checked={goOn} onChange={(event) => galleryStore(campaign.id).setState({ goOn: event.currentTarget.checked })} data-testid="grid-go-on" />
    </div>
  );
}
