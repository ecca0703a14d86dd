import { ActionIcon, Menu, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./Filters.module.css";
import { type Filter, MODES, withMode, withoutCondition } from "./model";
import { type Named, useFilterWords } from "./words";

/** What is asked for, in words: groups of which all, any or none must hold. */
export function Chips({ filter, named, onChange }: { filter: Filter; named: Named; onChange: (filter: Filter) => void }) {
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
              <span key={`${condition.field}:${condition.value}`} className={classes["condition"]} data-testid="filter-chip">
                {color !== null && <i style={{ background: color }} />}
                {text}
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
