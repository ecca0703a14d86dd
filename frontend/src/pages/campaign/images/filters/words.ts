import { useTranslation } from "react-i18next";
import type { Member } from "@/api/types";
import type { Label } from "@/api/types";
import { type Condition, type Field, type FieldFacts, FIELDS } from "./model";

export interface Named {
  readonly labels: readonly Label[];
  readonly members: readonly Member[];
}

/** What conditions are called on the page. */
export function useFilterWords({ labels, members }: Named) {
  const { t } = useTranslation();
  const option = (field: Field, value: string): string => {
    switch (field) {
      case "state":
        return t(`images.stateName.${value as "unlabeled"}`);
      case "split":
        return t(`images.split.${value as "none"}`);
      case "label_type":
      case "default":
      case "flagged":
      case "drafts":
        return t(`filters.option.${`${field}-${value}` as "default-set"}`);
      default:
        return value;
    }
  };
  const value = (condition: Condition): string => {
    const { kind }: FieldFacts = FIELDS[condition.field];
    if (kind === "label") return labels.find((label) => String(label.id) === condition.value)?.name ?? t("filters.gone");
    if (kind === "person") return members.find(({ user }) => String(user.id) === condition.value)?.user.username ?? t("filters.somebody");
    return option(condition.field, condition.value);
  };
  const field = (name: Field): string => t(`filters.field.${name}`);
  return {
    field,
    option,
    condition: (condition: Condition): string => (condition.field === "label" ? value(condition) : t("filters.chip", { field: field(condition.field), value: value(condition) })),
    color: (condition: Condition): string | null => labels.find((label) => FIELDS[condition.field].kind === "label" && String(label.id) === condition.value)?.color ?? null,
  };
}
