import { ActionIcon, Alert, Button, FileButton, Group, Menu, Modal, MultiSelect, Select, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { opposite, type Skeleton } from "@/core/skeleton";
import { added, edgeToggled, EMPTY, flipped, freePlace, guessed, MOST_POINTS, nameProblem, neighbours, parsed, removed, renamed, shifted } from "./drafts";
import { PRESET_NAMES, PRESETS } from "./presets";
import classes from "./Skeleton.module.css";
import { Template } from "./Template";

interface Props {
  /** Whose skeleton it is. */
  name: string;
  value: Skeleton | null;
  opened: boolean;
  saving?: boolean;
  onClose: () => void;
  /** Null takes the skeleton away. */
  onSave: (skeleton: Skeleton | null) => void;
}

/** The named points of a label: on a template to draw on, and in a list beside it that needs no pointer. */
export function SkeletonEditor({ name, opened, onClose, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} size={1080} title={t("skeleton.title", { name })} closeButtonProps={{ "aria-label": t("states.close") }} data-testid="skeleton-editor">
      <Editor name={name} {...rest} />
    </Modal>
  );
}

function Editor({ name, value, saving = false, onSave }: Omit<Props, "opened" | "onClose">) {
  const { t } = useTranslation();
  const [skeleton, setSkeleton] = useState<Skeleton>(value ?? EMPTY);
  const [chosen, setChosen] = useState<string | null>(null);
  const [connecting, setConnecting] = useState(false);
  const [unreadable, setUnreadable] = useState(false);
  const read = async (file: File | null) => {
    const found = file === null ? null : parsed(await file.text());
    setUnreadable(file !== null && found === null);
    if (found) setSkeleton(found);
  };
  const add = () => {
    const made = added(skeleton, ...freePlace(skeleton));
    setSkeleton(made.skeleton);
    setChosen(made.name);
  };
  return (
    <Stack>
      <Text size="sm">{t("skeleton.hint")}</Text>
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          value={connecting ? "connect" : "move"}
          onChange={(mode) => setConnecting(mode === "connect")}
          aria-label={t("skeleton.dragging")}
          data={[{ value: "move", label: t("skeleton.move") }, { value: "connect", label: t("skeleton.connect") }]}
        />
        <Group gap="xs">
          <Menu>
            <Menu.Target>
              <Button size="xs" variant="default" data-testid="skeleton-presets">{t("skeleton.presets")}</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {PRESET_NAMES.map((preset) => (
                <Menu.Item key={preset} data-testid={`preset-${preset}`} onClick={() => setSkeleton(PRESETS[preset])}>
                  {t(`skeleton.preset.${preset}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <Button size="xs" variant="default" onClick={() => setSkeleton(guessed(skeleton))} data-testid="guess-flips">{t("skeleton.guess")}</Button>
          <FileButton onChange={(file) => void read(file)} accept="application/json,.json" inputProps={{ "aria-label": t("skeleton.import"), "data-testid": "import-skeleton" } as never}>
            {(props) => <Button size="xs" variant="default" {...props}>{t("skeleton.import")}</Button>}
          </FileButton>
          <Button size="xs" variant="default" disabled={skeleton.points.length === 0} onClick={() => download(skeleton, name)} data-testid="export-skeleton">{t("skeleton.export")}</Button>
        </Group>
      </Group>
      {unreadable && <Alert color="red" role="alert">{t("skeleton.unreadable")}</Alert>}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Template skeleton={skeleton} onChange={setSkeleton} chosen={chosen} onChoose={setChosen} connecting={connecting} />
        <Stack gap="xs">
          <ol className={classes["list"]} aria-label={t("skeleton.list")}>
            {skeleton.points.map((point, at) => (
              <PointRow key={point.name} skeleton={skeleton} name={point.name} number={at + 1} chosen={chosen === point.name} onChange={setSkeleton} onChoose={setChosen} />
            ))}
          </ol>
          <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} disabled={skeleton.points.length >= MOST_POINTS} onClick={add} data-testid="add-point" style={{ alignSelf: "start" }}>
            {t("skeleton.add")}
          </Button>
        </Stack>
      </SimpleGrid>
      <Group justify="flex-end">
        <Text size="sm" c="dimmed" mr="auto" data-testid="skeleton-counts">
          {t("skeleton.counts", { points: skeleton.points.length, edges: skeleton.edges.length, pairs: skeleton.flip.length })}
        </Text>
        <Button variant="subtle" color="gray" disabled={skeleton.points.length === 0} onClick={() => setSkeleton(EMPTY)}>{t("skeleton.clear")}</Button>
        <Button loading={saving} onClick={() => onSave(skeleton.points.length === 0 ? null : skeleton)} data-testid="save-skeleton">{t("states.save")}</Button>
      </Group>
    </Stack>
  );
}

interface RowProps {
  skeleton: Skeleton;
  name: string;
  number: number;
  chosen: boolean;
  onChange: (skeleton: Skeleton) => void;
  onChoose: (name: string) => void;
}

function PointRow({ skeleton, name, number, chosen, onChange, onChoose }: RowProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const problem = nameProblem(skeleton, name, text);
  const others = skeleton.points.map((point) => point.name).filter((other) => other !== name);
  const linked = neighbours(skeleton, name);
  const across = opposite(skeleton, name);
  const commit = () => {
    if (problem !== null) setText(name);
    else if (text.trim() !== name) {
      onChange(renamed(skeleton, name, text));
      onChoose(text.trim());
    }
  };
  const link = (names: readonly string[]) => {
    const changed = [...linked.filter((other) => !names.includes(other)), ...names.filter((other) => !linked.includes(other))];
    onChange(changed.reduce((now, other) => edgeToggled(now, name, other), skeleton));
  };
  return (
    <li className={classes["row"]} data-chosen={chosen} data-testid="skeleton-row" onFocus={() => onChoose(name)}>
      <span className={classes["number"]}>{number}</span>
      <TextInput size="xs" aria-label={t("skeleton.nameOf", { number })} value={text} maxLength={100} error={problem ? t(`skeleton.problem.${problem}`) : undefined} data-testid={`point-name-${number}`} onChange={(event) => setText(event.currentTarget.value)} onBlur={commit} onKeyDown={(event) => event.key === "Enter" && commit()} />
      <MultiSelect size="xs" aria-label={t("skeleton.edgesOf", { name })} placeholder={linked.length === 0 ? t("skeleton.edges") : ""} data={others} value={linked} onChange={link} searchable data-testid={`point-edges-${number}`} />
      <Select size="xs" aria-label={t("skeleton.flipOf", { name })} placeholder={t("skeleton.flip")} data={others} value={across === name ? null : across} onChange={(other) => onChange(flipped(skeleton, name, other))} clearable searchable data-testid={`point-flip-${number}`} />
      <Group gap={0} wrap="nowrap">
        <ActionIcon size={28} variant="subtle" color="gray" aria-label={t("skeleton.up", { name })} disabled={number === 1} onClick={() => onChange(shifted(skeleton, name, -1))}><IconArrowUp size={14} /></ActionIcon>
        <ActionIcon size={28} variant="subtle" color="gray" aria-label={t("skeleton.down", { name })} disabled={number === skeleton.points.length} onClick={() => onChange(shifted(skeleton, name, 1))}><IconArrowDown size={14} /></ActionIcon>
        <ActionIcon size={28} variant="subtle" color="gray" aria-label={t("skeleton.remove", { name })} onClick={() => onChange(removed(skeleton, name))}><IconTrash size={14} /></ActionIcon>
      </Group>
    </li>
  );
}

function download(skeleton: Skeleton, name: string): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(skeleton, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name || "label"}-skeleton.json`;
  link.click();
  URL.revokeObjectURL(url);
}
