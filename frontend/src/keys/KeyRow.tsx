import { ActionIcon, Button, Group, Kbd } from "@mantine/core";
import { IconArrowBackUp, IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./KeyEditor.module.css";
import type { Bindable, Binding, Conflict } from "./keymap";
import { keyCaps, keyWords } from "./names";
import type { KeyCapture } from "./useKeyCapture";

export function KeyCaps({ name }: { name: string }) {
  return keyCaps(name).map((cap) => (
    <Kbd key={cap} size="xs">
      {cap}
    </Kbd>
  ));
}

/** One conflict in a sentence: which two, and where both could apply. */
export function useConflictText(): (conflict: Conflict) => string {
  const { t } = useTranslation();
  return ({ key, first, second, where }) => t(`keys.conflict.${where}`, { key: keyWords(key), first: first.title, second: second.title, shape: first.shape ?? second.shape ?? "" });
}

interface Props {
  command: Bindable;
  binding: Binding;
  capture: KeyCapture;
  onRemove: (key: string) => void;
  onReset: () => void;
}

/** A command with its keys: press one to change it, take it away, add another. */
export function KeyRow({ command, binding, capture, onRemove, onReset }: Props) {
  const { t } = useTranslation();
  const { title, id } = command;
  const asks = capture.asking?.id === id;
  return (
    <li className={classes["row"]} data-testid={`key-row-${id}`} data-asks={asks}>
      <span className={classes["title"]}>
        {title} {binding.source !== "page" && <span className={classes["own"]}>{t(`keys.source.${binding.source}`)}</span>}
      </span>
      {binding.keys.map((key) => (
        <span key={key} className={classes["key"]}>
          <button type="button" aria-label={t("keys.change", { key: keyWords(key), title })} title={t("keys.changeHint")} onClick={() => capture.ask(id, key)}>
            <KeyCaps name={key} />
          </button>
          <ActionIcon size={18} variant="subtle" color="gray" aria-label={t("keys.remove", { key: keyWords(key), title })} onClick={() => onRemove(key)}>
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      {!asks && (
        <ActionIcon size={22} variant="subtle" color="gray" aria-label={t("keys.add", { title })} title={t("keys.addHint")} data-testid={`key-add-${id}`} onClick={() => capture.ask(id, null)}>
          <IconPlus size={14} />
        </ActionIcon>
      )}
      {binding.source === "own" && (
        <ActionIcon size={22} variant="subtle" color="gray" aria-label={t("keys.reset", { title })} title={t("keys.resetHint")} data-testid={`key-reset-${id}`} onClick={onReset}>
          <IconArrowBackUp size={14} />
        </ActionIcon>
      )}
      {asks && <Ask capture={capture} title={title} />}
    </li>
  );
}

/** Waits for a key; says why one cannot be had, or whom it would meet. */
function Ask({ capture, title }: { capture: KeyCapture; title: string }) {
  const { t } = useTranslation();
  const conflictText = useConflictText();
  const { refused, pressed, meets } = capture.asking ?? { refused: null, pressed: null, meets: [] };
  return (
    <>
      <Button size="compact-xs" variant="light" autoFocus data-testid="key-capture" aria-label={t("keys.pressFor", { title })} onKeyDown={capture.press} onClick={(event) => event.detail > 0 && capture.cancel()}>
        {pressed === null ? t("keys.press") : <KeyCaps name={pressed} />}
      </Button>
      {refused !== null && (
        <p className={classes["note"]} role="alert" data-testid="key-refused">
          {refused}
        </p>
      )}
      {meets.length > 0 && (
        <div className={classes["note"]} role="alert" data-testid="key-conflict">
          {meets.map((conflict) => (
            <p key={`${conflict.first.id} ${conflict.second.id}`} className={classes["note"]}>
              {conflictText(conflict)}
            </p>
          ))}
          <Group gap={6} mt={4}>
            <Button size="compact-xs" data-testid="key-alone" onClick={() => capture.settle(true)}>
              {t("keys.alone")}
            </Button>
            <Button size="compact-xs" variant="default" data-testid="key-both" onClick={() => capture.settle(false)}>
              {t("keys.both")}
            </Button>
            <Button size="compact-xs" variant="subtle" onClick={capture.cancel}>
              {t("states.cancel")}
            </Button>
          </Group>
        </div>
      )}
    </>
  );
}
