import { useMutation } from "@tanstack/react-query";
import type { PredictionItem } from "@/pages/models/prediction";
import { sendJson } from "./http";

/** What a test of the connection found: the parsed answer, or where and why it cannot be used. */
export interface ModelTest {
  ok: boolean;
  request: Record<string, unknown> | null;
  status: number | null;
  latency_ms: number | null;
  prediction: { items: PredictionItem[]; width: number; height: number; warnings?: string[]; dropped?: { reason: string; name: string; count: number }[]; model_version?: string } | null;
  error: { code?: string; where?: string; why?: string; detail?: string } | null;
  raw?: string | null;
}

export function useTestModel(model: number) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: (image: number | null) => sendJson<ModelTest>("POST", `/models/${model}/test`, image === null ? {} : { image }),
  });
}
