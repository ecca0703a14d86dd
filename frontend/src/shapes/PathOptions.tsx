/** Options that drawing and editing by vertices have in common. */
import type { ToolSettings } from "../core/tool-settings";
import { SNAP, SNAP_PX, TRACE } from "../modes/path/settings";
import { OptionSlider, OptionSwitch } from "./OptionParts";

const WIDEST_SNAP_PX = 40;

export function PathOptions({ settings }: { settings: ToolSettings }) {
  return (
    <>
      <OptionSwitch settings={settings} setting={SNAP} label="Snap" command="path-snap" />
      <OptionSlider settings={settings} setting={SNAP_PX} label="Snap within" most={WIDEST_SNAP_PX} unit="px" />
      <OptionSwitch settings={settings} setting={TRACE} label="Follow borders" command="path-trace" />
    </>
  );
}
