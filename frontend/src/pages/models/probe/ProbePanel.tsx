import { Alert, Button, Card, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconAlertTriangle, IconRadar2 } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useProbe } from "@/api/modelHealth";
import { messageOf } from "@/api/problems";
import type { ProbeReport, Task } from "@/api/types";
import { Disclosure } from "@/parts/Disclosure";
import { type ModelStart, startOf } from "./candidate";
import { CandidateList } from "./CandidateList";

function Attempts({ attempts }: Pick<ProbeReport, "attempts">) {
  const { t } = useTranslation();
  if (attempts.length === 0) return null;
  return (
    <Disclosure label={t("probe.attempts")}>
      <Stack component="ul" gap={4} m={0} pl={18}>
        {attempts.map((one, at) => (
          <Text key={at} component="li" size="sm" data-testid="probe-attempt">
            <strong>{one.title}</strong>: {one.where === "" ? one.why : `${one.where}: ${one.why}`}
          </Text>
        ))}
      </Stack>
    </Disclosure>
  );
}

interface Props {
  task: Task | undefined;
  /** An address to begin with, and when it came: the sample server's. */
  suggested: string;
  chosen: string | null;
  onChoose: (start: ModelStart) => void;
}

/** Paste an address, and see what answers there: the best guess fills in the form below. */
export function ProbePanel({ task, suggested, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const probe = useProbe();
  const [url, setUrl] = useState(suggested);
  const [secret, setSecret] = useState("");
  const [header, setHeader] = useState("Authorization");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask(url.trim());
  };
  const ask = (address: string) => {
    setUrl(address);
    probe.mutate(
      { url: address, secret, auth_header: header, task: task ?? "" },
      { onSuccess: ({ candidates: [best] }) => best !== undefined && onChoose(startOf(best, task, secret, header)) },
    );
  };
  const found = probe.data;
  return (
    <Card data-testid="probe">
      <form onSubmit={submit}>
        <Stack>
          <div>
            <Title order={2} fz={18}>
              {t("probe.title")}
            </Title>
            <Text size="sm" c="dimmed">
              {t("probe.text")}
            </Text>
          </div>
          <Group align="flex-end" wrap="nowrap">
            <TextInput label={t("models.url")} placeholder="https://models.example.org/predict" type="url" required value={url} onChange={(event) => setUrl(event.currentTarget.value)} style={{ flex: 1 }} data-testid="probe-url" />
            <Button type="submit" leftSection={<IconRadar2 size={17} />} disabled={!/^https?:\/\/\S+/.test(url.trim())} loading={probe.isPending} data-testid="probe-start">
              {t("probe.start")}
            </Button>
          </Group>
          <Disclosure label={t("probe.withSecret")}>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <PasswordInput label={t("models.secret")} description={t("probe.secretHint")} autoComplete="off" value={secret} onChange={(event) => setSecret(event.currentTarget.value)} data-testid="probe-secret" />
              <TextInput label={t("models.authHeader")} description={t("models.authHeaderHint")} value={header} onChange={(event) => setHeader(event.currentTarget.value)} />
            </SimpleGrid>
          </Disclosure>
          <div aria-live="polite">
            {probe.error !== null && (
              <Alert color="red" role="alert" data-testid="probe-failure">
                {messageOf(probe.error)}
              </Alert>
            )}
            {found !== undefined && (
              <Stack gap="sm">
                {found.failure !== null && (
                  <Alert color="red" icon={<IconAlertTriangle size={19} />} title={t("probe.nothing")} role="alert" data-testid="probe-failure">
                    {found.failure.why}
                  </Alert>
                )}
                {found.candidates.length > 0 && <CandidateList candidates={found.candidates} chosen={chosen} onChoose={(one) => onChoose(startOf(one, task, secret, header))} onAsk={ask} />}
                <Attempts attempts={found.attempts} />
              </Stack>
            )}
          </div>
        </Stack>
      </form>
    </Card>
  );
}
