import { Alert, Button, Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPointerPlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAddPromptable } from "@/api/models";
import { messageOf } from "@/api/problems";
import { notifyDone } from "@/api/queryClient";
import { useRun } from "@/api/runs";
import { Disclosure } from "@/parts/Disclosure";
import { RunCard } from "@/parts/RunCard";

/** The segmenter that answers clicks, one button away. */
export function AddPromptable() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const add = useAddPromptable();
  const [path, setPath] = useState("");
  const run = useRun(add.data?.id);
  const state = run.data?.state;
  useEffect(() => {
    if (state !== "succeeded") return;
    notifyDone(t("promptable.added"));
    void client.invalidateQueries({ queryKey: ["models"] });
  }, [state, client, t]);
  const going = add.isPending || (add.data !== undefined && state !== "failed" && state !== "cancelled" && state !== "timed_out");
  return (
    <Card data-testid="promptable">
      <Stack>
        <Group justify="space-between">
          <Group wrap="nowrap" align="flex-start" style={{ flex: 1, minWidth: 260 }}>
            <IconPointerPlus size={24} style={{ flex: "none", marginTop: 2 }} />
            <div>
              <Title order={2} fz={16}>
                {t("promptable.title")}
              </Title>
              <Text size="sm" c="dimmed">
                {t("promptable.text")}
              </Text>
            </div>
          </Group>
          <Button onClick={() => add.mutate("")} disabled={going} data-testid="add-promptable">
            {t("promptable.add")}
          </Button>
        </Group>
        {add.error !== null && <Alert color="red">{messageOf(add.error)}</Alert>}
        {add.data !== undefined && <RunCard id={add.data.id} />}
        <Disclosure label={t("promptable.folder")}>
          <Group align="flex-end">
            <TextInput label={t("promptable.path")} description={t("promptable.pathHint")} value={path} onChange={(event) => setPath(event.currentTarget.value)} style={{ flex: 1, minWidth: 260 }} data-testid="promptable-path" />
            <Button variant="default" disabled={going || path.trim() === ""} onClick={() => add.mutate(path.trim())} data-testid="add-promptable-folder">
              {t("promptable.addFolder")}
            </Button>
          </Group>
        </Disclosure>
      </Stack>
    </Card>
  );
}
