import { ActionIcon, Menu, Popover, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Filters.module.css";
import { measureOf } from "./measures";
import { type Condition, type Filter, isValue, MODES, withMode, withoutCondition, withValue } from "./model";
import { ValueInput } from "./ValueInput";
import { type Named, useFilterWords } from "./words";

/** A slider that is drawn along asks for images when it rests. */
const REST_MS = 250;

/** What is asked for, in words: groups of which all, any or none must hold. */
export function Chips({ campaign, filter, named, onChange }: { campaign: number; filter: Filter; named: Named; onChange: (filter: Filter) => void }) {
  const { t } = useTranslation();
  const words = useFilterWords(named);
  return (
    <>
      {filter.groups.map((group, at) => (
        <div key={`${at}-${group.mode}`} className={classes["group"]} role="group" aria-label={t(`filters.modes.${group.mode}`)} data-testid="filter-group" data-mode={group.mode}>
          <Menu position="bottom-start">
            <Menu.Target>
              <UnstyledButton className={classes["mode"]}>
                {t(`filters.modes.${group.mode}`)} <IconChevronDown size={12} aria-hidden="true" />
              </UnstyledButton>
            </Menu.Target>
            <Menu.Dropdown>
              {MODES.map((mode) => (
                <Menu.Item key={mode} onClick={() => onChange(withMode(filter, at, mode))}>
                  {t(`filters.modes.${mode}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          {group.conditions.map((condition, number) => {
            const color = words.color(condition);
            const text = words.condition(condition);
            return (
              <span key={`${condition.field}:${measureOf(condition.field) === null ? condition.value : number}`} className={classes["condition"]} data-testid="filter-chip">
                {color !== null && <i style={{ background: color }} />}
                {measureOf(condition.field) === null ? text : <Changeable campaign={campaign} condition={condition} named={named} text={text} onChange={(value) => onChange(withValue(filter, at, number, value))} />}
                <ActionIcon size={18} variant="subtle" color="gray" aria-label={t("filters.drop", { name: text })} onClick={() => onChange(withoutCondition(filter, at, number))}>
                  <IconX size={12} />
                </ActionIcon>
              </span>
            );
          })}
        </div>
      ))}
    </>
  );
}

interface ChangeableProps {
  campaign: number;
  condition: Condition;
  named: Named;
  text: string;
  onChange: (value: string) => void;
}

/** A limit that is moved while one watches what it leaves. */
function Changeable({ campaign, condition, named, text, onChange }: ChangeableProps) {
  const { t } = useTranslation();
  const [value, setValue] = useState(condition.value);
  useEffect(() => setValue(condition.value), [condition.value]);
  const tell = useDebouncedCallback(onChange, REST_MS);
  const change = (next: string): void => {
    setValue(next);
    if (isValue(condition.field, next)) tell(next);
  };
  return (
    <Popover position="bottom-start" width={280} trapFocus shadow="md" returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes["limit"]} aria-label={t("filters.change", { name: text })} data-testid="change-limit">
          {text}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <ValueInput campaign={campaign} field={condition.field} value={value} named={named} onChange={change} />
      </Popover.Dropdown>
    </Popover>
  );
}
