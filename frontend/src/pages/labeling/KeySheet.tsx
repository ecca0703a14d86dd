import { Kbd, Modal, SimpleGrid, Text, Title } from "@mantine/core";
import { COMMANDS, GROUPS, type Command, type Group } from "./commands";
import { useLabeling } from "./LabelingContext";
import classes from "./Labeling.module.css";

const POINTER: readonly (readonly [string, string])[] = [
  ["Space + drag", "Pan; so does dragging what is not selected, or the middle button"],
  ["Wheel", "Zoom at the pointer"],
  ["Shift + click", "Add to the selection"],
  ["Alt + click", "What lies below"],
  ["Double click", "Edit the vertices"],
  ["Tab", "Next object; Shift + Tab the one before"],
];

const NAMES: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space" };

function Keys({ name }: { name: string }) {
  return (
    <span className={classes["keys"]}>
      {name.split(/\+(?=.)/).map((part) => (
        <Kbd key={part} size="xs">
          {NAMES[part] ?? part}
        </Kbd>
      ))}
    </span>
  );
}

/** Commands that say the same (nudges in four directions) share a line. */
function lines(group: Group): readonly { readonly title: string; readonly keys: readonly string[] }[] {
  const byTitle = new Map<string, string[]>();
  for (const { title, keys } of COMMANDS.filter((command: Command) => command.group === group)) byTitle.set(title, [...(byTitle.get(title) ?? []), ...keys]);
  return [...byTitle].map(([title, keys]) => ({ title, keys }));
}

export function KeySheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { labels } = useLabeling();
  const refused = labels.filter((entry) => entry.refused !== null);
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size="xl" data-testid="key-sheet" closeButtonProps={{ "aria-label": "Close" }}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        {GROUPS.map((group) => (
          <section key={group}>
            <Title order={3} fz="sm" mb={6}>
              {group}
            </Title>
            <dl className={classes["sheet"]}>
              {lines(group).map(({ title, keys }) => (
                <div key={title}>
                  <dt>{title}</dt>
                  <dd>{keys.map((key) => <Keys key={key} name={key} />)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <Title order={3} fz="sm" mb={6}>
            Pointer
          </Title>
          <dl className={classes["sheet"]}>
            {POINTER.map(([key, title]) => (
              <div key={key}>
                <dt>{title}</dt>
                <dd>
                  <Keys name={key.replaceAll(" + ", "+")} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <Title order={3} fz="sm" mb={6}>
            Labels
          </Title>
          <dl className={classes["sheet"]}>
            {labels.map(({ label, key }) => (
              <div key={label.id}>
                <dt>{label.name}</dt>
                <dd>{key === null ? "no key left" : <Keys name={key} />}</dd>
              </div>
            ))}
          </dl>
          {refused.length > 0 && (
            <Text size="xs" c="dimmed" mt="xs">
              {refused.map((entry) => `${entry.label.name} asks for ${entry.refused ?? ""}, which is taken.`).join(" ")} Change it in the campaign&rsquo;s labels.
            </Text>
          )}
        </section>
      </SimpleGrid>
    </Modal>
  );
}
