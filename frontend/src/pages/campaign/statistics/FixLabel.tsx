import { ActionIcon, Button, Checkbox, Popover, Radio, ScrollArea, Stack, Text } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { campaignKey } from "@/api/campaigns";
import { postLabeling, undoChange } from "@/api/gallery";
import { notifyProblem } from "@/api/queryClient";
import type { MeasuredImage } from "@/api/statistics";
import type { Campaign } from "@/api/types";
import { newKey } from "../images/labelingWire";
import { notifyUndoable } from "../images/useLabelWork";

const TALLEST_PX = 260;

/** Hand in other labels of an image, and offer the way back. */
function useFix(campaign: Campaign, image: MeasuredImage) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: campaignKey(campaign.id) });
  return useMutation({
    mutationFn: (labels: readonly number[]) => {
      const add = labels.filter((id) => !image.true.includes(id));
      const remove = campaign.settings.multi_label === true ? image.true.filter((id) => !labels.includes(id)) : [];
      return postLabeling(campaign.id, { images: [image.image], add, remove, submit: true }, newKey());
    },
    onSuccess: async ({ change }) => {
      await refresh();
      const undo = () => void undoChange(campaign.id, change.id).then(refresh, notifyProblem);
      notifyUndoable(t(change.left_out > 0 ? "statistics.notFixed" : "statistics.fixed", { name: image.name }), t("gallery.undo"), undo);
    },
  });
}

function Choice({ campaign, image, onDone }: { campaign: Campaign; image: MeasuredImage; onDone: () => void }) {
  const { t } = useTranslation();
  const fix = useFix(campaign, image);
  const [chosen, setChosen] = useState<string[]>(image.true.map(String));
  const several = campaign.settings.multi_label === true;
  const same = chosen.length === image.true.length && image.true.every((id) => chosen.includes(String(id)));
  const labels = campaign.labels.map(({ id, name }) => (several ? <Checkbox key={id} size="xs" value={String(id)} label={name} /> : <Radio key={id} size="xs" value={String(id)} label={name} />));
  const list = (
    <ScrollArea.Autosize mah={TALLEST_PX}>
      <Stack gap={8} p={2}>
        {labels}
      </Stack>
    </ScrollArea.Autosize>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        fix.mutate(chosen.map(Number), { onSuccess: onDone });
      }}
    >
      <Text size="sm" fw={500} mb={6} id={`fix-${image.image}`}>
        {t("statistics.whatIsTrue")}
      </Text>
      {several ? (
        <Checkbox.Group aria-labelledby={`fix-${image.image}`} value={chosen} onChange={setChosen}>
          {list}
        </Checkbox.Group>
      ) : (
        <Radio.Group aria-labelledby={`fix-${image.image}`} value={chosen[0] ?? ""} onChange={(value) => setChosen([value])}>
          {list}
        </Radio.Group>
      )}
      <Button type="submit" size="xs" mt="sm" fullWidth disabled={same || (!several && chosen.length === 0)} loading={fix.isPending} data-testid="fix-submit">
        {t("statistics.submitFix")}
      </Button>
    </form>
  );
}

/** Say what is true of an image without leaving the statistics, which follow. */
export function FixLabel({ campaign, image }: { campaign: Campaign; image: MeasuredImage }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} width={230} position="bottom-end" shadow="md" withArrow trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon size={26} variant="default" aria-label={t("statistics.fixLabel", { name: image.name })} onClick={() => setOpened(!opened)} data-testid="fix-label">
          <IconPencil size={15} aria-hidden="true" />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Choice campaign={campaign} image={image} onDone={() => setOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}
