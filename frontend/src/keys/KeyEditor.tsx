import { Alert, Button, FileButton, Group, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconDownload, IconSearch, IconUpload } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./KeyEditor.module.css";
import { conflicts, exportKeys, importKeys, reset, resolve, unbind, type Bindable, type Keys, type Profiles } from "./keymap";
import { KeyRow, useConflictText } from "./KeyRow";
import { keyWords } from "./names";
import { useKeyCapture } from "./useKeyCapture";

interface Props {
  bindables: readonly Bindable[];
  profiles: Profiles;
  onChange: (own: Keys) => void;
  /** More buttons beside those of the profile. */
  actions?: ReactNode;
  children?: ReactNode;
}

/** All keys, searchable; press one to bind it. */
export function KeyEditor({ bindables, profiles, onChange, actions, children }: Props) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const keymap = useMemo(() => resolve(bindables, profiles), [bindables, profiles]);
  const capture = useKeyCapture({ bindables, profiles, keymap, onChange });
  const keysOf = (id: string): readonly string[] => keymap.byCommand.get(id)?.keys ?? [];
  const answers = ({ id, title, group }: Bindable): boolean => [title, group, ...keysOf(id).map(keyWords), ...keysOf(id)].some((text) => text.toLowerCase().includes(search.trim().toLowerCase()));
  const shown = bindables.filter(answers);
  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <div>
      <Group mb="sm" gap="xs">
        <TextInput
          size="xs"
          w={240}
          aria-label={t("keys.search")}
          placeholder={t("keys.search")}
          leftSection={<IconSearch size={14} />}
          data-testid="key-search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <ProfileButtons own={profiles.own} onChange={onChange} />
        {actions}
      </Group>
      <Conflicts bindables={bindables} profiles={profiles} />
      <div className={classes["columns"]}>
        {groups.map((group) => (
          <section key={group} className={classes["group"]} aria-label={group}>
            <h3 style={{ fontSize: 13, margin: "0 0 4px" }}>{group}</h3>
            <ul className={classes["rows"]}>
              {shown
                .filter((command) => command.group === group)
                .map((command) => (
                  <KeyRow
                    key={command.id}
                    command={command}
                    binding={keymap.byCommand.get(command.id) ?? { keys: [], source: "page" }}
                    capture={capture}
                    onRemove={(key) => onChange(unbind(keymap, profiles.own, command.id, key))}
                    onReset={() => onChange(reset(profiles.own, command.id))}
                  />
                ))}
            </ul>
          </section>
        ))}
        {children}
      </div>
      {groups.length === 0 && <p>{t("keys.nothing")}</p>}
    </div>
  );
}

function Conflicts({ bindables, profiles }: { bindables: readonly Bindable[]; profiles: Profiles }) {
  const { t } = useTranslation();
  const text = useConflictText();
  const found = useMemo(() => conflicts(bindables, resolve(bindables, profiles)), [bindables, profiles]);
  if (found.length === 0) return null;
  return (
    <Alert color="wheat" mb="sm" icon={<IconAlertTriangle size={18} />} title={t("keys.conflicts", { count: found.length })} data-testid="key-conflicts">
      {found.map((conflict) => (
        <div key={`${conflict.key} ${conflict.first.id} ${conflict.second.id}`}>{text(conflict)}</div>
      ))}
    </Alert>
  );
}

function save(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: url, download: "winnow-keys.json" }).click();
  URL.revokeObjectURL(url);
}

function ProfileButtons({ own, onChange }: { own: Keys; onChange: (own: Keys) => void }) {
  const { t } = useTranslation();
  const [problem, setProblem] = useState("");
  const none = Object.keys(own).length === 0;
  const read = async (file: File | null): Promise<void> => {
    if (!file) return;
    try {
      onChange(importKeys(await file.text()));
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <Button size="xs" variant="default" disabled={none} data-testid="keys-reset-all" onClick={() => onChange({})}>
        {t("keys.resetAll")}
      </Button>
      <Button size="xs" variant="default" disabled={none} leftSection={<IconDownload size={14} />} data-testid="keys-export" onClick={() => save(exportKeys(own))}>
        {t("keys.export")}
      </Button>
      <FileButton accept="application/json,.json" onChange={(file) => void read(file)} inputProps={{ "aria-label": t("keys.import") }}>
        {(props) => (
          <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} />} data-testid="keys-import">
            {t("keys.import")}
          </Button>
        )}
      </FileButton>
      {problem !== "" && (
        <span role="alert" style={{ fontSize: 13 }}>
          {problem}
        </span>
      )}
    </>
  );
}
