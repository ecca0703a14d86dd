import type { ReactNode } from "react";

/** A table that scrolls sideways on a small screen, with the keyboard too. Positioned, so that hidden texts in it scroll along. */
export function WideTable({ minWidth, label, children }: { minWidth: number; label: string; children: ReactNode }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} style={{ position: "relative", overflowX: "auto" }}>
      <div style={{ minWidth }}>{children}</div>
    </div>
  );
}
