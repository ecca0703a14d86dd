import { Alert, Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChangeEnsemble, useEnsemble, type Vote } from "@/api/ensembles";
import { notifyDone } from "@/api/queryClient";
import type { Campaign, RegisteredModel } from "@/api/types";
import { Loaded } from "@/parts/states";
import { Weights } from "./Weights";

/** Who votes in an ensemble, and how much each counts. */
export function EnsembleMembers({ campaign, model, readOnly }: { campaign: Campaign; model: RegisteredModel; readOnly: boolean }) {
  const { t } = useTranslation();
  const query = useEnsemble(campaign.id, model.id);
  const change = useChangeEnsemble(campaign.id, model.id);
  const [edited, setEdited] = useState<Vote[] | null>(null);
  return (
    <Loaded query={query}>
      {({ members, overlap }) => {
        const known = members.filter(({ name }) => name !== "");
        const votes = edited ?? members.map(({ model: id, weight }) => ({ model: id, weight: weight ?? 1 }));
        const save = () =>
          change.mutate(
            { members: votes, overlap },
            {
              onSuccess: () => {
                setEdited(null);
                notifyDone(t("ensemble.saved"));
              },
            },
          );
        return (
          <Stack gap="sm" data-testid="ensemble-of">
            <Text size="sm" fw={500}>
              {t("ensemble.members")}
            </Text>
            <Weights votes={votes} nameOf={(id) => members.find((one) => one.model === id)?.name || t("ensemble.gone", { id })} onChange={setEdited} readOnly={readOnly} />
            {known.length < members.length && <Alert color="red">{t("ensemble.broken")}</Alert>}
            {edited !== null && (
              <Button onClick={save} loading={change.isPending} data-testid="save-weights" style={{ alignSelf: "start" }}>
                {t("ensemble.save")}
              </Button>
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}
