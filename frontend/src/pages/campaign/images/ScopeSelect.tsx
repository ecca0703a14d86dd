import { Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Images } from "@/api/gallery";
import type { Campaign } from "@/api/types";
import { isEmpty, toBody } from "./filters/model";
import { namedImages } from "./naming";
import { inOrder } from "./selection";
import { useGallery } from "./store";

export type ScopeName = "selection" | "filter" | "unlabeled" | "all";

/** Which images a panel works on: what is chosen in the gallery, what its filter shows, or all. */
export function useScopes(campaign: Campaign, rest: readonly ("unlabeled" | "all")[]) {
  const { selection, filter, ids, idsOf } = useGallery(campaign.id, (state) => state);
  const names: ScopeName[] = [...(selection.ids.size > 0 ? (["selection"] as const) : []), ...(isEmpty(filter) ? [] : (["filter"] as const)), ...rest];
  const [wished, setWished] = useState<ScopeName | null>(null);
  const name = wished !== null && names.includes(wished) ? wished : (names[0] ?? "all");
  const imagesOf = (one: ScopeName): Images => (one === "selection" ? namedImages({ ids, idsOf }, inOrder(selection, ids)) : one === "filter" ? { filter: toBody(filter) } : one);
  return { names, name, images: imagesOf(name), imagesOf, setName: setWished, counts: { selection: selection.ids.size, filter: ids.length } };
}

interface Props {
  scopes: ReturnType<typeof useScopes>;
  label?: string;
}

/** Shown where there is something to choose. */
export function ScopeSelect({ scopes, label }: Props) {
  const { t } = useTranslation();
  const { names, name, counts, setName } = scopes;
  if (names.length < 2) return null;
  const title = (one: ScopeName): string => (one === "selection" || one === "filter" ? t(`scope.${one}`, { count: counts[one] }) : t(`scope.${one}`));
  return <Select label={label ?? t("scope.images")} w={240} value={name} onChange={(next) => setName(next as ScopeName)} data={names.map((one) => ({ value: one, label: title(one) }))} data-testid="scope" data-scope={name} />;
}
