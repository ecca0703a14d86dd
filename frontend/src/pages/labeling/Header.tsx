import { ActionIcon, Badge, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp, IconChevronDown, IconChevronLeft, IconCloudCheck, IconCloudOff, IconCloudUp, IconFlag, IconFlagFilled, IconKeyboard,
  IconPlayerTrackNext, IconPlayerTrackPrev,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useStore } from "zustand";
import type { SaveState } from "@/core/autosave";
import { canRedo, canUndo } from "@/core/history";
import { ControlBadge } from "./ControlBadge";
import { KeyHint } from "@/keys/KeyHint";
import { useCommand, useDesk, useLabeling, useSession } from "./LabelingContext";
import classes from "./Labeling.module.css";
import type { Workspace } from "./workspace";

/** Where I am, whether my work is safe, and the way on. */
export function Header() {
  const { campaign, desk, toggleKeySheet, readOnly } = useLabeling();
  const command = useCommand();
  const current = useDesk((state) => state.current);
  const ready = useDesk((state) => state.status === "ready");
  const canGoBack = useDesk((state) => (state.status === "ready" ? state.at > 0 : state.at >= 0 && state.status !== "moving"));
  return (
    <section className={classes["header"]} aria-label="This image" data-keeps-focus>
      <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className={classes["back"] ?? ""} title="Back to the campaign">
        <IconChevronLeft size={18} aria-hidden="true" />
        <span>{campaign.name}</span>
      </Link>
      <h1 className={classes["name"]} title={current?.image.name}>
        {current?.image.name ?? "Labeling"}
      </h1>
      {current && <PlaceInScope image={current.image.id} />}
      {current && <SetBadge workspace={current} />}
      {current && <ControlBadge workspace={current} />}
      {readOnly && <Badge color="gray">You can look, not label</Badge>}
      <div className={classes["spacer"]} />
      {!readOnly && <Waiting />}
      {current && !readOnly && <SaveStatus workspace={current} />}
      {current && !readOnly && <HistoryButtons workspace={current} />}
      <IconButton label="Back to the image before" command="previous" testId="previous" disabled={!canGoBack} onClick={() => void desk.previous()}>
        <IconPlayerTrackPrev size={18} />
      </IconButton>
      {current && !readOnly && <FlagButton workspace={current} />}
      <IconButton label="All keys" command="keys" testId="keys" onClick={toggleKeySheet}>
        <IconKeyboard size={19} />
      </IconButton>
      {!readOnly && <SkipButton disabled={!ready} />}
      <Tooltip label={<Keyed text={readOnly ? "On to the next image" : "Submit and go on"} command={readOnly ? "next" : "submit"} />}>
        <Button size="sm" h={32} px="sm" data-testid={readOnly ? "look-next" : "submit-next"} disabled={!ready} onClick={() => command(readOnly ? "next" : "submit")} rightSection={<IconPlayerTrackNext size={15} />}>
          {readOnly ? "Next" : "Submit & next"}
        </Button>
      </Tooltip>
    </section>
  );
}

/** How far the walk through a selection or a filter has come. */
function PlaceInScope({ image }: { image: number }) {
  const { walk } = useLabeling().desk.options;
  const place = walk?.place(image) ?? null;
  if (!walk || place === null) return null;
  return (
    <Badge color="gray" data-testid="place-in-scope">
      {place.toLocaleString()} of {walk.scope.ids.length.toLocaleString()} in {walk.name}
    </Badge>
  );
}

export function Keyed({ text, command }: { text: string; command: string }) {
  return (
    <>
      {text} <KeyHint command={command} />
    </>
  );
}

interface IconButtonProps {
  label: string;
  /** Whose keys stand in the tooltip. */
  command: string;
  testId: string;
  disabled?: boolean;
  pressed?: boolean;
  onClick: () => void;
  children: ReactNode;
}

export function IconButton({ label, command, testId, disabled = false, pressed, onClick, children }: IconButtonProps) {
  const state = pressed === undefined ? {} : { "aria-pressed": pressed };
  return (
    <Tooltip label={<Keyed text={label} command={command} />}>
      <ActionIcon variant={pressed ? "light" : "subtle"} color={pressed ? "pine" : "gray"} size={32} aria-label={label} data-testid={testId} disabled={disabled} onClick={onClick} {...state}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

const SKIP_REASONS = ["I cannot tell what it shows", "Too dark, blurred or clouded", "It does not belong here"] as const;

/** Skip at once, or say why. */
function SkipButton({ disabled }: { disabled: boolean }) {
  const { desk, focusCanvas } = useLabeling();
  const skip = (reason: string): void => {
    void desk.skip(reason);
    requestAnimationFrame(focusCanvas);
  };
  return (
    <Button.Group>
      <Tooltip label={<Keyed text="Skip: the queue offers it to others" command="skip" />}>
        <Button variant="default" size="sm" h={32} px="sm" data-testid="skip" disabled={disabled} onClick={() => skip("")}>
          Skip
        </Button>
      </Tooltip>
      <Menu position="bottom-end" returnFocus={false}>
        <Menu.Target>
          <Button variant="default" size="sm" h={32} px={6} disabled={disabled} aria-label="Skip with a reason" data-testid="skip-reasons">
            <IconChevronDown size={15} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {SKIP_REASONS.map((reason) => (
            <Menu.Item key={reason} onClick={() => skip(reason)}>
              {reason}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}

function HistoryButtons({ workspace }: { workspace: Workspace }) {
  const command = useCommand();
  const history = useSession(workspace, (state) => state.history);
  const undoes = canUndo(history) ? `Undo: ${history.present.title}` : "Undo";
  const redoes = canRedo(history) ? `Redo: ${history.future[0]?.title ?? ""}` : "Redo";
  return (
    <>
      <IconButton label={undoes} command="undo" testId="undo" disabled={!canUndo(history)} onClick={() => command("undo")}>
        <IconArrowBackUp size={19} />
      </IconButton>
      <IconButton label={redoes} command="redo" testId="redo" disabled={!canRedo(history)} onClick={() => command("redo")}>
        <IconArrowForwardUp size={19} />
      </IconButton>
    </>
  );
}

function FlagButton({ workspace }: { workspace: Workspace }) {
  const command = useCommand();
  const flagged = useStore(workspace.store, (state) => state.flagged);
  return (
    <IconButton label={flagged ? "Take the flag away" : "Flag for a colleague"} command="flag" testId="flag" pressed={flagged} onClick={() => command("flag")}>
      {flagged ? <IconFlagFilled size={18} /> : <IconFlag size={18} />}
    </IconButton>
  );
}

const SET_BADGES = { submitted: ["Submitted", "pine"], accepted: ["Accepted", "pine"], returned: ["Returned", "wheat"], draft: null } as const;

function SetBadge({ workspace }: { workspace: Workspace }) {
  const badge = SET_BADGES[useStore(workspace.store, (state) => state.set)];
  return badge && <Badge color={badge[1]}>{badge[0]}</Badge>;
}

const SAVE_WORDS: Record<SaveState, readonly [string, ReactNode]> = {
  saved: ["Saved", <IconCloudCheck key="saved" size={17} />],
  unsaved: ["Saving…", <IconCloudUp key="unsaved" size={17} />],
  saving: ["Saving…", <IconCloudUp key="saving" size={17} />],
  offline: ["Offline, kept on this computer", <IconCloudOff key="offline" size={17} />],
  conflict: ["Conflict", <IconAlertTriangle key="conflict" size={17} />],
  refused: ["Refused", <IconAlertTriangle key="refused" size={17} />],
};

/** What was handed in without a network is told until it has arrived, whatever image is on the desk by then. */
function Waiting() {
  const waiting = useDesk((state) => state.waiting);
  if (waiting.length === 0) return null;
  const names = waiting.map(({ image }) => image.name).join(", ");
  return (
    <Tooltip label={`Kept on this computer, handed in when the server is back: ${names}`}>
      <span className={classes["save"]} data-testid="waiting-submits" data-state="offline" role="status">
        {SAVE_WORDS.offline[1]}
        {waiting.length === 1 ? "1 image waits to be handed in" : `${waiting.length} images wait to be handed in`}
      </span>
    </Tooltip>
  );
}

function SaveStatus({ workspace }: { workspace: Workspace }) {
  const { state, message } = useStore(workspace.autosave.store);
  const [word, icon] = SAVE_WORDS[state];
  return (
    <Tooltip label={message} disabled={message === ""}>
      <span className={classes["save"]} data-testid="save-state" data-state={state} role="status">
        {icon}
        {word}
      </span>
    </Tooltip>
  );
}
