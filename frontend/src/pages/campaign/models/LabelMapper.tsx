import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconLinkOff, IconWand } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label, ModelClass } from "@/api/types";
import { autoMatched, type Chosen, clicked, linesOf, type Mapping, nextOffered, withLink } from "./mapper";
import { useDragLine } from "./useDragLine";
import classes from "./LabelMapper.module.css";

const ROW_PX = 46;
const SPAN_PX = 160;

interface Props {
  modelClasses: readonly ModelClass[];
  labels: readonly Label[];
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
  readOnly?: boolean;
}

function Lines({ modelClasses, labels, mapping, active }: Pick<Props, "modelClasses" | "labels" | "mapping"> & { active: number | null }) {
  const height = Math.max(modelClasses.length, labels.length) * ROW_PX;
  const colors = new Map(labels.map((label) => [label.id, label.color]));
  return (
    <svg className={classes["lines"]} viewBox={`0 0 ${SPAN_PX} ${height}`} height={height} preserveAspectRatio="none" aria-hidden="true">
      {linesOf(modelClasses, labels, mapping).map((line) => {
        const [from, to] = [(line.from + 0.5) * ROW_PX, (line.to + 0.5) * ROW_PX];
        const path = `M0 ${from} C ${SPAN_PX * 0.5} ${from}, ${SPAN_PX * 0.5} ${to}, ${SPAN_PX} ${to}`;
        return <path key={line.classIndex} d={path} stroke={colors.get(line.label)} data-faded={(active !== null && active !== line.classIndex) || undefined} vectorEffect="non-scaling-stroke" />;
      })}
    </svg>
  );
}

/** The line that is being drawn, from its class to the pointer. */
function DragLine({ from, x, y, grid }: { from: number; x: number; y: number; grid: HTMLElement | null }) {
  const row = grid?.querySelectorAll<HTMLElement>("[data-class]")[from]?.getBoundingClientRect();
  const box = grid?.getBoundingClientRect();
  if (row === undefined || box === undefined) return null;
  return (
    <svg className={classes["drag"]} aria-hidden="true">
      <line x1={row.right - box.left} y1={row.top - box.top + row.height / 2} x2={x} y2={y} />
    </svg>
  );
}

/** Classes on the left, labels on the right, a line for what stands for what. Choose a class, then its label. */
export function LabelMapper({ modelClasses, labels, mapping, onChange, readOnly = false }: Props) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const active = chosen?.index ?? null;
  const labelNames = new Map(labels.map((label) => [label.id, label.name]));
  const fed = new Set(mapping.values());
  const link = (label: number) => {
    if (active === null) return;
    onChange(withLink(mapping, active, mapping.get(active) === label ? null : label));
    const next = nextOffered(modelClasses, mapping, active);
    setChosen(next);
    // The labels go off without a class to choose for: the focus goes back to the class, which says what it stands for now.
    if (next === null) grid.current?.querySelector<HTMLElement>(`[data-class="${active}"] button`)?.focus();
  };
  const grid = useRef<HTMLDivElement>(null);
  const { dragged, wasDrag, handlers } = useDragLine(grid, (classIndex, label) => onChange(withLink(mapping, classIndex, label)));
  const activeName = modelClasses.find((one) => one.index === active)?.name;
  return (
    <div data-testid="label-mapper">
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed" aria-live="polite">
          {readOnly ? t("mapper.readOnly") : activeName === undefined ? t("mapper.chooseClass") : t("mapper.chooseLabel", { name: activeName })}
        </Text>
        {!readOnly && (
          <Button size="xs" variant="default" leftSection={<IconWand size={15} />} onClick={() => onChange(autoMatched(modelClasses, labels, mapping))} data-testid="auto-match">
            {t("mapper.auto")}
          </Button>
        )}
      </Group>
      {!readOnly && (
        <Text size="xs" c="dimmed" mb={6}>
          {t("mapper.drag")}
        </Text>
      )}
      <div className={classes["grid"]} ref={grid} data-dragging={dragged !== null || undefined}>
        {dragged !== null && <DragLine from={modelClasses.findIndex((one) => one.index === dragged.classIndex)} x={dragged.x} y={dragged.y} grid={grid.current} />}
        <div>
          <Text size="xs" fw={600} c="dimmed" mb={6} truncate>
            {t("mapper.classes")}
          </Text>
          <ul className={classes["column"]}>
            {modelClasses.map((one) => {
              const label = mapping.get(one.index);
              const name = label === undefined ? t("mapper.notProvided") : (labelNames.get(label) ?? "");
              return (
                <li key={one.index} className={classes["row"]} style={{ height: ROW_PX }} data-class={one.index}>
                  <button
                    type="button"
                    className={classes["box"]}
                    disabled={readOnly}
                    aria-pressed={active === one.index}
                    aria-label={t("mapper.classIs", { name: one.name, label: name })}
                    data-mapped={label !== undefined || undefined}
                    data-testid={`map-class-${one.index}`}
                    {...(readOnly ? {} : handlers(one.index))}
                    onClick={() => {
                      if (!wasDrag()) setChosen(clicked(chosen, one.index));
                    }}
                  >
                    <span className={classes["index"]}>{one.index}</span>
                    <span className={classes["name"]}>{one.name}</span>
                    {label === undefined && <span className={classes["none"]}>{t("mapper.notProvided")}</span>}
                  </button>
                  {label !== undefined && !readOnly && (
                    <Tooltip label={t("mapper.unlink")}>
                      <ActionIcon className={classes["unlink"]} variant="subtle" color="gray" size="sm" aria-label={t("mapper.unlinkNamed", { name: one.name })} onClick={() => onChange(withLink(mapping, one.index, null))}>
                        <IconLinkOff size={15} />
                      </ActionIcon>
                    </Tooltip>
                  )}
                </li>
              );
            })}
          </ul>
        </div>
        <div className={classes["middle"]}>
          <Lines modelClasses={modelClasses} labels={labels} mapping={mapping} active={active} />
        </div>
        <div>
          <Text size="xs" fw={600} c="dimmed" mb={6} truncate>
            {t("mapper.labels")}
          </Text>
          <ul className={classes["column"]}>
            {labels.map((label) => (
              <li key={label.id} className={classes["row"]} style={{ height: ROW_PX }} data-label={label.id}>
                <button
                  type="button"
                  className={classes["box"]}
                  disabled={readOnly || active === null}
                  data-fed={fed.has(label.id) || undefined}
                  aria-pressed={active !== null && mapping.get(active) === label.id}
                  data-testid={`map-label-${label.id}`}
                  onClick={() => link(label.id)}
                >
                  <span className={classes["dot"]} style={{ background: label.color }} />
                  <span className={classes["name"]}>{label.name}</span>
                  {!fed.has(label.id) && <span className={classes["none"]}>{t("mapper.notFed")}</span>}
                </button>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}
