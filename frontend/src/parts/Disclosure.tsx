import { Button, Collapse } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import classes from "./Disclosure.module.css";

interface Props {
  label: string;
  /** Open from the start, and again whenever this becomes true: what is inside wants to be seen. */
  opened?: boolean;
  /** What is inside is not there until it is opened. */
  lazy?: boolean;
  children: ReactNode;
}

/** What few people need, one click away. */
export function Disclosure({ label, opened = false, lazy = false, children }: Props) {
  const [open, { toggle, open: reveal }] = useDisclosure(opened);
  const [wanted, setWanted] = useState(opened);
  if (opened !== wanted) {
    setWanted(opened);
    if (opened) reveal();
  }
  return (
    <div>
      <Button size="xs" variant="subtle" color="gray" ml={-12} onClick={toggle} aria-expanded={open} leftSection={<IconChevronRight size={15} className={classes["chevron"]} data-open={open || undefined} />}>
        {label}
      </Button>
      <Collapse expanded={open}>
        <div className={classes["inside"]}>{(open || !lazy) && children}</div>
      </Collapse>
    </div>
  );
}
