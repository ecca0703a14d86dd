import { Button, Collapse } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Disclosure.module.css";

interface Props {
  label: string;
  opened?: boolean;
  /** What is inside is not there until it is opened. */
  lazy?: boolean;
  children: ReactNode;
}

/** What few people need, one click away. */
export function Disclosure({ label, opened = false, lazy = false, children }: Props) {
  const [open, { toggle }] = useDisclosure(opened);
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
