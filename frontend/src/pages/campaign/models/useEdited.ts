import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useCampaignModels } from "@/api/models";
import type { CampaignModel } from "@/api/types";
import { type Mapping, rebased, sameMapping } from "./mapper";

export type Thresholds = Readonly<Record<string, number>>;

/** What is set of a model in a campaign, as stored or as edited. */
interface Use {
  mapping: Mapping;
  thresholds: Thresholds;
}

function readUse(attached: CampaignModel): Use {
  const mapping = new Map(attached.mapping.flatMap((row) => (row.label === null ? [] : [[row.class.index, row.label] as const])));
  return { mapping, thresholds: attached.thresholds };
}

function joined(base: Use, mine: Use, theirs: Use): Use {
  const entries = (use: Use) => new Map(Object.entries(use.thresholds));
  return { mapping: rebased(base.mapping, mine.mapping, theirs.mapping), thresholds: Object.fromEntries(rebased(entries(base), entries(mine), entries(theirs))) };
}

/** Mapping and thresholds while a person edits them: what a colleague saves meanwhile comes in, and nobody undoes what the other did. */
export function useEdited(campaign: number, attached: CampaignModel) {
  const { refetch } = useCampaignModels(campaign);
  const stored = useMemo(() => readUse(attached), [attached]);
  const base = useRef(stored);
  const [edited, setEdited] = useState(stored);
  useEffect(() => {
    const before = base.current;
    base.current = stored;
    setEdited((mine) => joined(before, mine, stored));
  }, [stored]);
  const revert = useCallback(() => setEdited(stored), [stored]);
  return {
    ...edited,
    stored: stored.mapping,
    changed: !sameMapping(edited.mapping, stored.mapping) || JSON.stringify(edited.thresholds) !== JSON.stringify(stored.thresholds),
    setMapping: (mapping: Mapping) => setEdited((now) => ({ ...now, mapping })),
    setThresholds: (thresholds: Thresholds) => setEdited((now) => ({ ...now, thresholds })),
    revert,
    /** What to save: the edit upon what is stored by now, which a colleague may have changed a moment ago. */
    toSave: async (): Promise<Use> => {
      const newest = (await refetch()).data?.find((one) => one.model.id === attached.model.id);
      return newest === undefined ? edited : joined(stored, edited, readUse(newest));
    },
  };
}
