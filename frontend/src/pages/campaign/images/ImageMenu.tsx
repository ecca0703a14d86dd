import { Menu } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconArrowBackUp, IconBan, IconCheck, IconCopyPlus, IconFlag, IconPencil, IconPhotoSearch, IconScissors, IconStar, IconTag, IconTrash, IconWand } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { GalleryImage } from "@/api/gallery";
import { useCampaignModels } from "@/api/models";
import type { Campaign, CampaignModel, Split } from "@/api/types";
import { mayLabel, mayManage } from "../roles";

export interface MenuAt {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

/** What the menu does, to the image or to all that are chosen with it. */
export interface MenuActions {
  open(id: number): void;
  label(label: number, images: readonly number[]): void;
  unlabel(label: number, images: readonly number[]): void;
  makeDefault(label: number, images: readonly number[]): void;
  flag(flagged: boolean, images: readonly number[]): void;
  exclude(excluded: boolean, images: readonly number[]): void;
  split(split: Split, images: readonly number[]): void;
  /** Look for images like this one. */
  similar(image: number): void;
  remove(images: readonly number[]): void;
  predict(model: CampaignModel["model"], images: readonly number[]): void;
}

interface Props {
  campaign: Campaign;
  at: MenuAt | null;
  image: GalleryImage | undefined;
  /** The images that it is about. */
  images: readonly number[];
  actions: MenuActions;
  onClose: () => void;
}

const SPLITS = ["train", "validation", "test", ""] as const satisfies readonly Split[];

/** The right mouse button's menu, also on a key and on a button of each tile. */
export function ImageMenu({ campaign, at, image, images, actions, onClose }: Props) {
  const { t } = useTranslation();
  const manager = mayManage(campaign.role);
  const attached = useCampaignModels(campaign.id, at !== null && mayLabel(campaign.role));
  // People without a say in runs may ask a model with an address about one image.
  const models = (attached.data ?? []).map(({ model }) => model).filter(({ kind }) => kind !== "promptable" && (manager || images.length === 1));
  const labels = mayLabel(campaign.role) ? campaign.labels : [];
  const many = images.length > 1;
  const own = new Set(image?.whole_labels.map((one) => one.label) ?? []);
  const askRemove = () =>
    modals.openConfirmModal({
      title: t("images.removeTitle", { count: images.length }),
      children: t("images.removeText"),
      labels: { confirm: t("images.remove"), cancel: t("states.cancel") },
      confirmProps: { color: "red" },
      onConfirm: () => actions.remove(images),
    });
  const doubled = !many && own.size > 1;
  return (
    <Menu opened={at !== null} onChange={(open) => !open && onClose()} position="bottom-start" width={230} shadow="md" returnFocus={false} withinPortal>
      <Menu.Target>
        <div aria-hidden="true" style={{ position: "fixed", left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1, pointerEvents: "none" }} />
      </Menu.Target>
      <Menu.Dropdown aria-label={t("gallery.menu")} data-testid="image-menu">
        {many && <Menu.Label>{t("gallery.menuOfMany", { count: images.length })}</Menu.Label>}
        <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => at !== null && actions.open(at.id)}>
          {t("gallery.openInTool")}
        </Menu.Item>
        {labels.length > 0 && (
          <Menu.Sub>
            <Menu.Sub.Target>
              <Menu.Sub.Item leftSection={<IconTag size={15} />}>{t("gallery.labelAs")}</Menu.Sub.Item>
            </Menu.Sub.Target>
            <Menu.Sub.Dropdown mah={320} style={{ overflowY: "auto" }}>
              {labels.map((label) => {
                const there = !many && own.has(label.id);
                return (
                  <Menu.Item
                    key={label.id}
                    leftSection={<span aria-hidden="true" style={{ display: "block", width: 11, height: 11, borderRadius: 3, background: label.color }} />}
                    rightSection={there ? <IconCheck size={14} aria-label={t("gallery.isThere")} /> : undefined}
                    onClick={() => (there ? actions.unlabel(label.id, images) : actions.label(label.id, images))}
                  >
                    {label.name}
                  </Menu.Item>
                );
              })}
            </Menu.Sub.Dropdown>
          </Menu.Sub>
        )}
        <Menu.Item leftSection={<IconPhotoSearch size={15} />} onClick={() => at !== null && actions.similar(at.id)} data-testid="menu-similar">
          {t("similar.find")}
        </Menu.Item>
        {doubled &&
          campaign.labels
            .filter((label) => own.has(label.id))
            .map((label) => (
              <Menu.Item key={label.id} leftSection={<IconStar size={15} />} onClick={() => actions.makeDefault(label.id, images)}>
                {t("gallery.makeDefault", { name: label.name })}
              </Menu.Item>
            ))}
        {models.length > 0 && (
          <Menu.Sub>
            <Menu.Sub.Target>
              <Menu.Sub.Item leftSection={<IconWand size={15} />}>{t("predict.menu")}</Menu.Sub.Item>
            </Menu.Sub.Target>
            <Menu.Sub.Dropdown mah={320} style={{ overflowY: "auto" }}>
              {models.map((model) => (
                <Menu.Item key={model.id} onClick={() => actions.predict(model, images)}>
                  {model.name}
                </Menu.Item>
              ))}
            </Menu.Sub.Dropdown>
          </Menu.Sub>
        )}
        {mayLabel(campaign.role) && (
          <Menu.Item leftSection={<IconFlag size={15} />} onClick={() => actions.flag(!(image?.flagged ?? false), images)}>
            {image?.flagged === true ? t("gallery.unflag") : t("gallery.flag")}
          </Menu.Item>
        )}
        {manager && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconCopyPlus size={15} />} onClick={() => actions.split("validation", images)} data-testid="menu-validation">
              {t("gallery.toValidation")}
            </Menu.Item>
            <Menu.Sub>
              <Menu.Sub.Target>
                <Menu.Sub.Item leftSection={<IconScissors size={15} />}>{t("images.setSplit")}</Menu.Sub.Item>
              </Menu.Sub.Target>
              <Menu.Sub.Dropdown>
                {SPLITS.map((split) => (
                  <Menu.Item key={split} rightSection={!many && image?.split === split ? <IconCheck size={14} /> : undefined} onClick={() => actions.split(split, images)}>
                    {t(`images.split.${split === "" ? "any" : split}`)}
                  </Menu.Item>
                ))}
              </Menu.Sub.Dropdown>
            </Menu.Sub>
            <Menu.Item leftSection={image?.state === "excluded" ? <IconArrowBackUp size={15} /> : <IconBan size={15} />} onClick={() => actions.exclude(image?.state !== "excluded", images)} disabled={image === undefined} data-testid="menu-exclude">
              {t(image?.state === "excluded" ? "gallery.include" : "gallery.exclude")}
            </Menu.Item>
            <Menu.Item leftSection={<IconTrash size={15} />} color="red" c="var(--winnow-red-text)" onClick={askRemove}>
              {t("gallery.removeImages", { count: images.length })}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
