import { FileInput, Select, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useUploadStartWeights } from "@/api/learning";
import { messageOf } from "@/api/problems";
import type { Campaign } from "@/api/types";
import { NETWORK, TIMM, type Values } from "./trainingForm";

interface Props {
  campaign: Campaign;
  form: UseFormReturnType<Values>;
  earlier: { value: string; label: string }[];
  /** Names of networks by library; a library and nothing behind it stands for any of its networks. */
  networks: readonly string[];
  wrong: Readonly<Record<string, string>>;
}

/** What a training sets out from: the backbone, an earlier model, or a network of a library with its weights. */
export function Start({ campaign, form, earlier, networks, wrong }: Props) {
  const { t } = useTranslation();
  if (earlier.length === 0 && networks.length === 0) return null;
  const { start_from } = form.values;
  const groups = [
    { group: t("training.start.here"), items: [{ value: "", label: t("training.fromBackbone") }, ...earlier] },
    { group: "torchvision", items: networks.filter((name) => name !== TIMM).map((name) => ({ value: `${NETWORK}${name}`, label: name.split("/")[1] ?? name })) },
    { group: "timm", items: networks.includes(TIMM) ? [{ value: `${NETWORK}${TIMM}`, label: t("training.start.timm") }] : [] },
  ].filter(({ items }) => items.length > 0);
  const offered = groups.some(({ items }) => items.some(({ value }) => value === start_from));
  const error = form.errors["start_from"] ?? wrong["start_from"] ?? (start_from === `${NETWORK}${TIMM}` ? undefined : (form.errors["network"] ?? wrong["network"]));
  return (
    <>
      <Select
        label={t("training.startFrom")} allowDeselect={false} searchable={networks.length > 0} nothingFoundMessage={t("training.start.none")}
        data={groups} value={offered ? start_from : ""} error={error} data-testid="start-from"
        onChange={(value) => form.setFieldValue("start_from", value ?? "")}
      />
      {offered && start_from.startsWith(NETWORK) && <NetworkFields campaign={campaign} form={form} wrong={wrong} />}
    </>
  );
}

function NetworkFields({ campaign, form, wrong }: Pick<Props, "campaign" | "form" | "wrong">) {
  const { t } = useTranslation();
  const upload = useUploadStartWeights(campaign.id);
  const [file, setFile] = useState<File | null>(null);
  const choose = (chosen: File | null) => {
    setFile(chosen);
    form.setFieldValue("weights", "");
    upload.reset();
    if (chosen !== null) upload.mutate(chosen, { onSuccess: ({ weights }) => form.setFieldValue("weights", weights), onError: () => setFile(null) });
  };
  return (
    <>
      {form.values.start_from === `${NETWORK}${TIMM}` && (
        <TextInput
          label={t("training.start.name")} placeholder="resnet18.a1_in1k" maxLength={100} {...form.getInputProps("timm")}
          error={form.errors["network"] ?? wrong["network"]} data-testid="start-timm"
        />
      )}
      <FileInput
        label={t("training.start.weights")} description={t(upload.isPending ? "training.start.sending" : "training.start.weightsText")} placeholder={t("training.start.published")}
        accept=".pth,.pt,.bin,.safetensors" clearable clearButtonProps={{ "aria-label": t("training.start.published") }} value={file} onChange={choose} disabled={upload.isPending}
        error={upload.error === null ? (form.errors["weights"] ?? wrong["weights"]) : messageOf(upload.error)} data-testid="start-weights"
      />
    </>
  );
}
