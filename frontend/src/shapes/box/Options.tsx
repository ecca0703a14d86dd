import { NumberInput } from "@mantine/core";
import { useStore } from "zustand";
import { KEEP_PROPORTIONS } from "../../modes/drag";
import type { Session } from "../../modes/session";
import { CommandButtons, OptionGroup, OptionSwitch, useSetting } from "../OptionParts";
import classes from "../OptionParts.module.css";
import { boxesAmong, TURNS } from "./commands";
import { RATIO } from "./settings";

export default function BoxOptions({ session }: { session: Session }) {
  const { settings } = session;
  const keeps = useSetting(settings, KEEP_PROPORTIONS);
  const ratio = useSetting(settings, RATIO);
  const document = useStore(session.store, ({ history }) => history.present.document);
  const selection = useStore(session.store, (state) => state.selection);
  const [only, ...others] = boxesAmong(document, selection);
  return (
    <OptionGroup title="Box">
      <OptionSwitch settings={settings} setting={KEEP_PROPORTIONS} label="Keep proportions" />
      {keeps && (
        <NumberInput
          size="xs" label="Width by height of new boxes" min={0.01} max={100} step={0.25} decimalScale={4} value={ratio} data-testid="set-box.ratio"
          onChange={(value) => typeof value === "number" && value > 0 && settings.set(RATIO, value)}
        />
      )}
      {only && others.length === 0 && (
        <p className={classes["note"]} data-testid="box-size">
          {only.shape.width} × {only.shape.height} px{only.shape.rotation === 0 ? "" : `, turned by ${only.shape.rotation}°`}
        </p>
      )}
      <CommandButtons session={session} commands={TURNS} />
    </OptionGroup>
  );
}
