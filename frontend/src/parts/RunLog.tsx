import { Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconArrowUp, IconDownload } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { isFinished, runLogUrl, useRunLog } from "@/api/runs";
import type { Run } from "@/api/types";

const NEAR_PX = 40;

/** What a run wrote down, its newest lines in sight while it goes; earlier ones and the whole file a click away. */
export function RunLog({ run, enabled = true }: { run: Run; enabled?: boolean }) {
  const { t } = useTranslation();
  const log = useRunLog(run.id, enabled, !isFinished(run));
  const box = useRef<HTMLElement>(null);
  const follows = useRef(true);
  const text = [...(log.data?.pages ?? [])].reverse().map((page) => page.text).join("");
  useEffect(() => {
    if (box.current !== null && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  if (log.error !== null) return <Text size="sm">{log.error.message}</Text>;
  return (
    <Stack gap="xs">
      <Code
        block ref={box} tabIndex={0} role="log" aria-label={t("runs.log")} style={{ maxHeight: 420, overflow: "auto", overflowWrap: "anywhere", whiteSpace: "pre-wrap" }} data-testid="run-log"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
        }}
      >
        {text || t("runs.noLog")}
      </Code>
      {text !== "" && (
        <Group gap="xs">
          {log.hasNextPage && (
            <Button size="xs" variant="default" leftSection={<IconArrowUp size={14} />} loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              {t("runs.earlier")}
            </Button>
          )}
          <Button component="a" href={runLogUrl(run.id)} download size="xs" variant="default" leftSection={<IconDownload size={14} />} data-testid="download-log">
            {t("runs.downloadLog")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
