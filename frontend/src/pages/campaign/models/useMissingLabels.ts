import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLabelChanges } from "@/api/campaigns";
import { useCampaignModelChanges } from "@/api/models";
import { notifyDone } from "@/api/queryClient";
import type { Campaign, ModelClass, NewLabel, RegisteredModel } from "@/api/types";
import { nextLabel } from "@/parts/labelDrafts";
import type { Mapping } from "./mapper";

/** Make labels of classes that have none, and map them: one click from a model's vocabulary to a campaign's. */
export function useMissingLabels(campaign: Campaign, model: RegisteredModel) {
  const { t } = useTranslation();
  const labels = useLabelChanges(campaign.id);
  const { save } = useCampaignModelChanges(campaign.id);
  const [creating, setCreating] = useState(false);
  const create = async (classes: readonly ModelClass[], mapping: Mapping, thresholds: Record<string, number>) => {
    setCreating(true);
    try {
      const known: NewLabel[] = campaign.labels.map(({ name, color, hotkey }) => ({ name, color, hotkey }));
      const ids = new Map(campaign.labels.map((label) => [label.name, label.id]));
      const next = new Map(mapping);
      for (const one of classes) {
        const fresh = nextLabel(known, one.name);
        const id = ids.get(one.name) ?? (await labels.create.mutateAsync(fresh)).id;
        ids.set(one.name, id);
        known.push(fresh);
        next.set(one.index, id);
      }
      await save.mutateAsync({ model: model.id, mapping: model.classes.map((one) => ({ class: one.index, label: next.get(one.index) ?? null })), thresholds });
      notifyDone(t("mapper.created", { count: classes.length }));
    } catch {
      // What went wrong has been said already; the labels made so far stay, and the button offers the rest.
    } finally {
      setCreating(false);
    }
  };
  return { create, creating };
}
