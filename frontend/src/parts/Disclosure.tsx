import { Button, Collapse } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Disclosure.module.css";

/** What few people need, one click away. */
export function Disclosure({ label, opened = false, children }: { label: string; opened?: boolean; children: ReactNode }) {
  const [open, { toggle }] = useDisclosure(opened);
  return (
    <div>
      <Button size="xs" variant="subtle" color="gray" ml={-12} onClick={toggle} aria-expanded={open} leftSection={<IconChevronRight size={15} className={classes["chevron"]} data-open={open || undefined} />}>
        {label}
      </Button>
      <Collapse expanded={open}>
        <div className={classes["inside"]}>{children}</div>
      </Collapse>
    </div>
  );
}
