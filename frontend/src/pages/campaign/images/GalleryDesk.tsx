import { Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { idsKey, type Query } from "@/api/gallery";
import { type ImageChange, useImageChanges } from "@/api/images";
import { draftOn } from "@/api/models";
import { notifyDone, notifyProblem } from "@/api/queryClient";
import type { Campaign, Run } from "@/api/types";
import { LabelPanel, type PanelActions } from "../labels/LabelPanel";
import { useLabelOperations } from "../labels/useLabelOperations";
import { mayLabel } from "../roles";
import { SimilarDrawer } from "../similar/SimilarDrawer";
import { type Filter, toQuery, withCondition } from "./filters/model";
import { Gallery, type TileActions } from "./Gallery";
import { ChangesDrawer } from "./ChangesDrawer";
import classes from "./Gallery.module.css";
import { ImageMenu, type MenuActions, type MenuAt } from "./ImageMenu";
import { KeyLegend } from "./KeyLegend";
import { operation, type Operation } from "./labeling";
import { listedImages } from "./naming";
import { openTool, scopeNow } from "./openTool";
import { inOrder, inverted, NO_SELECTION, outside, type Selection, united, without } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { SelectMenu } from "./SelectMenu";
import { galleryStore, unlist, useGallery } from "./store";
import { Toolbar } from "./Toolbar";
import { useGridKeys } from "./useGridKeys";
import { useRow } from "./Tile";
import { takenImages, useGone, useLabelWork, useRows } from "./useLabelWork";
import { usePageKeys } from "./usePageKeys";

interface Props {
  campaign: Campaign;
  ids: readonly number[];
  /** The filter that gave them; null while the list of another one is on its way. */
  idsOf: Filter | null;
  /** When the list came: rows are as old. */
  loadedAt: number;
  query: Query;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onAdd: (() => void) | undefined;
  onRefresh: () => void;
  onRun: (run: Run) => void;
  nothing: ReactNode;
}

/** The images that the filter shows, what is chosen of them, and everything that is done to them. */
export function GalleryDesk({ campaign, ids, idsOf, loadedAt, query, filter, onFilter, onAdd, onRefresh, onRun, nothing }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const phone = useMediaQuery("(max-width: 62em)") ?? false;
  const store = galleryStore(campaign.id);
  const { look, columns, lasso, selection, panel, submit } = useGallery(campaign.id, (state) => state);
  const rows = useRows(campaign);
  const { labeler, offerUndo } = useLabelWork(campaign, rows);
  const [focus, setFocus] = useState<number | null>(null);
  const [drawer, setDrawer] = useState(false);
  const [history, setHistory] = useState(false);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [similar, setSimilar] = useState<number | "picture" | null>(null);
  const similarRow = useRow(rows, typeof similar === "number" ? similar : 0);
  const places = useMemo(() => new Map(ids.map((id, place) => [id, place])), [ids]);
  const changes = useImageChanges(campaign.id);
  const gone = useGone(campaign.id);
  const operations = useLabelOperations(campaign, (title, change) => {
    const step = labeler.note(title, change);
    rows.refresh();
    return () => labeler.undo(step);
  });

  // Each time the list comes, it is what the filter gives now.
  useEffect(() => store.setState({ ids, idsOf }), [store, ids, idsOf, loadedAt]);
  useEffect(() => rows.refresh(), [rows, loadedAt]);

  const select = useCallback((change: (now: Selection) => Selection) => store.setState((state) => ({ selection: change(state.selection) })), [store]);
  const chosen = useMemo(() => inOrder(selection, ids), [selection, ids]);
  const hidden = useMemo(() => outside(selection, places), [selection, places]);
  const name = (label: number): string => campaign.labels.find((one) => one.id === label)?.name ?? "";
  const all = (): void => select((now) => united(now, ids));
  const invert = (): void => select((now) => inverted(now, ids));
  const none = (): void => select(() => NO_SELECTION);

  const apply = (what: string, images: readonly number[], change: Partial<Operation>): void => {
    if (images.length === 0) return;
    offerUndo(labeler.apply(t("gallery.step", { what, count: images.length }), images, operation({ submit, ...change })));
  };
  const update = (images: readonly number[], change: ImageChange): void => {
    const known = images.filter((id) => rows.get(id) !== undefined);
    const { excluded, ...shown } = change;
    for (const id of known) rows.change(id, excluded === true ? { ...shown, state: "excluded" } : shown);
    changes.update.mutate({ images: takenImages(campaign.id, images), change }, { onSuccess: ({ missing }) => gone(missing), onSettled: () => rows.settle(known), onError: () => rows.revert(known) });
  };
  const remove = (images: readonly number[]): void =>
    // By their ids, however many: a filter might have come to hold images that nobody here has seen.
    changes.remove.mutate(listedImages(images), {
      onSuccess: () => {
        unlist(campaign.id, images);
        select((now) => without(now, images));
      },
      onSettled: () => {
        void client.invalidateQueries({ queryKey: idsKey(campaign.id) });
      },
    });
  const label = (one: number, images: readonly number[]): void => apply(name(one), images, { add: [one] });
  const unlabel = (one: number, images: readonly number[]): void => apply(t("gallery.without", { name: name(one) }), images, { remove: [one] });
  const makeDefault = (one: number, images: readonly number[]): void => apply(t("gallery.defaultOf", { name: name(one) }), images, { default: one });
  const open = (id: number): void => openTool(navigate, campaign.id, scopeNow({ selection: chosen.length > 1 && selection.ids.has(id) ? selection : NO_SELECTION, filter }), id);

  const predict: MenuActions["predict"] = (model, images) => {
    const told = draftOn(campaign.id, model, images, takenImages(campaign.id, images)).then((answer) => {
      if (!Array.isArray(answer)) return onRun(answer);
      const failed = answer.find(({ code }) => code !== "");
      if (failed) notifyProblem(new Error(failed.reason));
      else notifyDone(t("predict.drafted", { name: model.name }));
    });
    told.catch(notifyProblem);
  };

  const onImage: TileActions = { open, menu: (id, at) => setMenu({ id, ...at }), unlabel: (id, one) => unlabel(one, [id]), makeDefault: (id, one) => makeDefault(one, [id]) };
  const onMenu: MenuActions = { open, label, unlabel, makeDefault, flag: (flagged, images) => update(images, { flagged }), exclude: (excluded, images) => update(images, { excluded }), split: (split, images) => update(images, { split }), similar: setSimilar, remove, predict };
  const onPanel: PanelActions = {
    add: (one) => label(one, chosen),
    remove: (one) => unlabel(one, chosen),
    makeDefaultWhereThere: (one) => apply(t("gallery.defaultOf", { name: name(one) }), chosen.length > 0 ? chosen : ids, { default_for_having: one }),
    filterBy: (mode, condition) => onFilter(withCondition(filter, mode, condition)),
  };
  const grid = useGridKeys({ campaign, ids, places, rows, labeler, mayLabel: mayLabel(campaign.role), selection, onSelect: select, onFocus: setFocus });
  const keys = useMemo(() => new Map(grid.keys.flatMap((one) => (one.key === null ? [] : [[one.label.id, one.key] as const]))), [grid.keys]);
  usePageKeys({ all, invert, none, undo: () => labeler.undo() });

  const side = <LabelPanel campaign={campaign} query={query} chosen={chosen.length} keys={look === "grid" ? keys : NO_KEYS} operations={operations} actions={onPanel} />;
  return (
    <div>
      <div className={classes["bar"]}>
        <Toolbar
          campaign={campaign}
          count={ids.length}
          labeler={labeler}
          panel={phone ? drawer : panel}
          onPanel={() => (phone ? setDrawer(!drawer) : store.setState({ panel: !panel }))}
          onAdd={onAdd}
          onRefresh={onRefresh}
          onChanges={() => setHistory(true)}
          onSimilar={() => setSimilar("picture")}
          selectMenu={<SelectMenu campaign={campaign} count={ids.length} chosen={selection.ids.size} onAll={all} onInvert={invert} onNone={none} onSelect={select} />}
        />
        {look === "grid" && <KeyLegend campaign={campaign} keys={grid.keys} onLabel={(one) => grid.label(one, focus ?? ids[0] ?? 0)} />}
      </div>
      <div className={classes["desk"]} data-panel={(panel && !phone) || undefined}>
        {ids.length === 0 ? (
          nothing
        ) : (
          <Gallery
            campaign={campaign.id}
            ids={ids}
            places={places}
            rows={rows}
            labels={campaign.labels}
            look={look}
            columns={phone ? Math.min(columns, 3) : columns}
            lasso={lasso}
            mayLabel={mayLabel(campaign.role)}
            selection={selection}
            onSelect={select}
            focus={focus}
            onFocus={setFocus}
            actions={onImage}
            onKey={(event, id) => {
              if (look === "grid" && grid.onKey(event, id)) return true;
              if (event.key === " ") select((now) => (now.ids.has(id) ? without(now, [id]) : { ids: new Set([...now.ids, id]), anchor: id }));
              else if (event.key === "Enter") open(id);
              else return false;
              return true;
            }}
          />
        )}
        {panel && !phone && side}
      </div>
      <Drawer opened={drawer && phone} onClose={() => setDrawer(false)} position="bottom" size="75%" title={t("panel.title")}>
        {side}
      </Drawer>
      <ChangesDrawer
        campaign={campaign.id}
        opened={history}
        onClose={() => setHistory(false)}
        onUndo={(change) => {
          // Some of its images, or a label on all of them, may be on screen.
          void labeler.undoChange(change.id, change.title).then(() => rows.refresh());
        }}
      />
      <SimilarDrawer campaign={campaign} image={similarRow} opened={similar === "picture" || similarRow !== undefined} filter={toQuery(filter)} onClose={() => setSimilar(null)} />
      {selection.ids.size > 0 && (
        <SelectionBar
          campaign={campaign}
          ids={chosen}
          hidden={hidden}
          onClear={none}
          onSplit={(split) => update(chosen, { split })}
          onFlag={() => update(chosen, { flagged: true })}
          allExcluded={chosen.every((id) => rows.get(id)?.state === "excluded")}
          onExclude={(excluded) => update(chosen, { excluded })}
          onRemove={() => remove(chosen)}
          onRun={onRun}
        />
      )}
      <ImageMenu
        campaign={campaign}
        at={menu}
        image={menu === null ? undefined : rows.get(menu.id)}
        images={menu === null ? [] : selection.ids.has(menu.id) ? chosen : [menu.id]}
        actions={onMenu}
        onClose={() => {
          const id = menu?.id;
          setMenu(null);
          // The keys go back to the image that the menu was about.
          requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-image="${id ?? ""}"]`)?.focus({ preventScroll: true }));
        }}
      />
    </div>
  );
}

const NO_KEYS: ReadonlyMap<number, string> = new Map();
