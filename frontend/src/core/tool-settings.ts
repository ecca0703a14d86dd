/** What tools remember: sizes, tolerances, switches. Each tool names its own settings; nobody else knows them. */
import { createStore, type StoreApi } from "zustand/vanilla";

export type SettingValue = number | boolean | string;

export interface Setting<T extends SettingValue> {
  /** Unique, with the tool's name first: "mask.size_px". */
  readonly name: string;
  readonly initial: T;
}

type Values = Readonly<Record<string, SettingValue>>;

export class ToolSettings {
  readonly store: StoreApi<Values>;

  constructor(values: Values = {}) {
    this.store = createStore<Values>(() => values);
  }

  /** A stored value of another type than the setting's own is as good as none. */
  get<T extends SettingValue>(setting: Setting<T>): T {
    return valueOf(this.store.getState(), setting);
  }

  set<T extends SettingValue>(setting: Setting<T>, value: T): void {
    this.store.setState({ [setting.name]: value });
  }
}

export function valueOf<T extends SettingValue>(values: Values, setting: Setting<T>): T {
  const value = values[setting.name];
  return typeof value === typeof setting.initial ? (value as T) : setting.initial;
}
