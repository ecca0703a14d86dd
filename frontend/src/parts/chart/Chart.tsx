import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { ChartProps } from "./types";

const EChart = lazy(() => import("./EChart"));

/** A chart whose library is fetched with the first chart. */
export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<Skeleton height={props.height ?? 280} radius="md" />}>
      <EChart {...props} />
    </Suspense>
  );
}
