import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type ThresholdProfile, useThresholdProfiles } from "@/api/profiles";

interface Props {
  campaign: number;
  model: number;
  value: number | null;
  onPick: (profile: ThresholdProfile) => void;
  size?: "xs" | "sm";
}

/** Take up thresholds that were kept under a name. Nothing is shown where none were. */
export function ProfileSelect({ campaign, model, value, onPick, size = "xs" }: Props) {
  const { t } = useTranslation();
  const { data: profiles = [] } = useThresholdProfiles(campaign, model);
  if (profiles.length === 0) return null;
  return (
    <Select
      size={size} w={220} label={t("profiles.label")} placeholder={t("profiles.choose")} data={profiles.map(({ id, name }) => ({ value: String(id), label: name }))}
      value={value === null ? null : String(value)} searchable={profiles.length > 8} allowDeselect={false} data-testid="profile-select"
      onChange={(chosen) => {
        const profile = profiles.find(({ id }) => String(id) === chosen);
        if (profile !== undefined) onPick(profile);
      }}
    />
  );
}
