import { Button, Modal, Text } from "@mantine/core";
import { useUpdateCampaign } from "@/api/campaigns";
import { useChangePreferences } from "@/api/preferences";
import { KeyEditor } from "@/keys/KeyEditor";
import { KeyCaps } from "@/keys/KeyRow";
import type { Keys } from "@/keys/keymap";
import { useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";

const POINTER: readonly (readonly [string, string])[] = [
  ["Space+drag", "Pan; so does dragging what is not selected, or the middle button"],
  ["Wheel", "Zoom at the pointer"],
  ["Shift+click", "Add to the selection"],
  ["Alt+click", "What lies below"],
  ["Double click", "Edit the vertices"],
  ["Tab", "Next object; with Shift the one before"],
];

/** Every key as it is now, and the place to change it. */
export function KeySheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    // Gone at once: a dialog that fades out would keep the focus, and with it the next key.
    <Modal opened={opened} onClose={onClose} transitionProps={{ duration: 0 }} title="Keys" size="75rem" data-testid="key-sheet" closeButtonProps={{ "aria-label": "Close" }} closeOnEscape>
      <Sheet />
    </Modal>
  );
}

function Sheet() {
  const { labels, keys } = useLabeling();
  const change = useChangePreferences();
  const refused = labels.filter((entry) => entry.refused !== null);
  const choose = (own: Keys): void => change((now) => ({ ...now, keys: plain(own) }));
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm">
        These keys are yours, in every browser. Click a key and press another one in its place; a label keeps its key wherever it stands.
      </Text>
      <KeyEditor bindables={keys.bindables} profiles={keys.profiles} onChange={choose} actions={<CampaignProfile />}>
        <section>
          <h3 style={{ fontSize: 13, margin: "0 0 4px" }}>Pointer</h3>
          <dl className={classes["sheet"]}>
            {POINTER.map(([key, title]) => (
              <div key={key}>
                <dt>{title}</dt>
                <dd>
                  <span className={classes["keys"]}>
                    <KeyCaps name={key} />
                  </span>
                </dd>
              </div>
            ))}
          </dl>
          {refused.length > 0 && (
            <Text size="xs" c="dimmed" mt="xs">
              {refused.map((entry) => `${entry.label.name} asks for ${entry.refused ?? ""}, which is taken.`).join(" ")}
            </Text>
          )}
        </section>
      </KeyEditor>
    </>
  );
}

function plain(keys: Keys): Record<string, string[]> {
  return Object.fromEntries(Object.entries(keys).map(([id, names]) => [id, [...names]]));
}

/** Who manages the campaign may give these keys to all of its people; each may still choose others. */
function CampaignProfile() {
  const { campaign, keys } = useLabeling();
  const save = useUpdateCampaign(campaign.id);
  if (campaign.role !== "owner" && campaign.role !== "manager") return null;
  const { own, campaign: given } = keys.profiles;
  const put = (profile: Keys): void => save.mutate({ settings: { ...campaign.settings, keys: plain(profile) } });
  return (
    <>
      <Button size="xs" variant="default" disabled={Object.keys(own).length === 0} loading={save.isPending} data-testid="keys-for-campaign" onClick={() => put({ ...given, ...own })}>
        Give them to the whole campaign
      </Button>
      {Object.keys(given).length > 0 && (
        <Button size="xs" variant="subtle" data-testid="keys-campaign-reset" onClick={() => put({})}>
          Take the campaign&rsquo;s keys away
        </Button>
      )}
    </>
  );
}
