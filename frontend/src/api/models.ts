import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf, done, type Answer } from "./client";
import type { Images } from "./gallery";
import { API, apiFetch, apiUrl, sendJson } from "./http";
import type { components } from "./schema";
import type { ImportedCard, ModelFields, RegisteredModel, Task } from "./types";

type Schemas = components["schemas"];

const MOST_LISTED = 200;

export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models", { params: { query: { page_size: MOST_LISTED } }, signal })).then((page) => page.results),
  });
}

/** What the person may bring in, and who may where they may not. */
export function useModelPermissions() {
  return useQuery({ queryKey: ["models", "permissions"], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models/permissions", { signal })) });
}

const modelAt = (model_id: number) => ({ params: { path: { model_id } } });

export function useModel(id: number) {
  return useQuery({ queryKey: ["models", id], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/models/{model_id}", { ...modelAt(id), signal })) });
}

export function useProtocols() {
  return useQuery({ queryKey: ["protocols"], staleTime: Infinity, queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/protocols", { signal })) });
}

/** The steps that models can take before sending and after the answer. */
export function useStepKinds() {
  return useQuery({ queryKey: ["steps"], staleTime: Infinity, queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/steps", { signal })) });
}

/** What is wrong with options as they stand; `asked` is the JSON text of task, protocol and options. */
export function useStepsJudgement(asked: string, enabled: boolean) {
  return useQuery({
    queryKey: ["steps", "judgement", asked],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => bodyOf(api.POST("/api/v1/steps/check", { body: JSON.parse(asked) as { task: string; protocol: string; options: Record<string, unknown> }, signal })),
  });
}

export function useCreateModel() {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (body: ModelFields) => bodyOf(api.POST("/api/v1/models", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}

/** Add MobileSAM from its package, or a segmenter from a folder of the server; the answer is the run that does it. */
export function useAddPromptable() {
  return useMutation({
    meta: { quiet: true },
    mutationFn: (server_path: string) => bodyOf(api.POST("/api/v1/models/promptable", { body: { server_path } })),
  });
}

/** Read a model card; nothing is stored. */
export function useReadCard() {
  return useMutation({ meta: { quiet: true }, mutationFn: (document: unknown) => sendJson<ImportedCard>("POST", "/models/card", document) });
}

export interface OnnxUpload {
  file: File;
  name: string;
  /** Empty: told by the file's outputs. */
  task: Task | "";
}

export function useUploadOnnx() {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: async ({ file, name, task }: OnnxUpload) => {
      const form = new FormData();
      form.append("name", name);
      form.append("task", task);
      form.append("file", file, file.name);
      const answer = await apiFetch(apiUrl("/models/onnx"), { method: "POST", body: form });
      return (await answer.json()) as RegisteredModel;
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}

export function useUpdateModel(id: number) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (body: Partial<ModelFields>) => bodyOf(api.PATCH("/api/v1/models/{model_id}", { ...modelAt(id), body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}

export function useDeleteModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => done(api.DELETE("/api/v1/models/{model_id}", modelAt(id))),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"], exact: true }),
  });
}

/** Send one image to a model: the given one, else one of the campaign, else a sample. */
export function useTestModel(id: number) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: (body: { image?: number; campaign?: number }) => bodyOf(api.POST("/api/v1/models/{model_id}/test", { ...modelAt(id), body })),
  });
}

const attachedKey = (campaign: number) => ["campaigns", campaign, "models"] as const;
const campaignAt = (campaign_id: number) => ({ params: { path: { campaign_id } } });

export function useCampaignModels(campaign: number, enabled = true) {
  return useQuery({ queryKey: attachedKey(campaign), enabled, queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/models", { ...campaignAt(campaign), signal })) });
}

export interface MappingChange {
  model: number;
  mapping?: { class: number; label: number | null }[];
  thresholds?: Record<string, number>;
  on_open?: boolean;
}

export function useCampaignModelChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: attachedKey(campaign) });
  const one = (model_id: number) => ({ params: { path: { campaign_id: campaign, model_id } } });
  return {
    attach: useMutation({ mutationFn: (model: number) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/models", { ...campaignAt(campaign), body: { model } })), onSuccess }),
    save: useMutation({
      mutationFn: ({ model, ...body }: MappingChange) => bodyOf(api.PUT("/api/v1/campaigns/{campaign_id}/models/{model_id}", { ...one(model), body })),
      onSuccess,
    }),
    detach: useMutation({ mutationFn: (model: number) => done(api.DELETE("/api/v1/campaigns/{campaign_id}/models/{model_id}", one(model))), onSuccess }),
  };
}

export function useStartInference(campaign: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { model: number; images: Images; prefill: boolean }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/inference-runs", { ...campaignAt(campaign), body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}

/** Ask a model about a picture that is in no campaign; with no threshold, so that one may be chosen afterwards. */
export async function predictPicture(campaign: number, model: number, file: File, checkpoint: "best" | "last", signal: AbortSignal): Promise<Answer<Schemas["Predicted"]>> {
  const address = apiUrl(`/campaigns/${campaign}/models/${model}/predict`, { checkpoint, threshold: 0, name: file.name });
  const response = await apiFetch(address, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" }, signal });
  return (await response.json()) as Answer<Schemas["Predicted"]>;
}

/** Import a picture and let the model draft on it: at once where it has an address, else in a run. */
export async function keepWithDrafts(campaign: number, model: { readonly id: number; readonly kind: string }, file: File): Promise<void> {
  const form = new FormData();
  form.append("files", file, file.name);
  const report = (await (await apiFetch(apiUrl(`/campaigns/${campaign}/images`), { method: "POST", body: form })).json()) as Answer<Schemas["ImportReport"]>;
  const result = report.results[0];
  if (!result || result.image === null) throw new Error(result?.detail ?? "The picture was not taken.");
  await draftOn(campaign, model, [result.image]);
}

/** Let a model draft on images of the campaign; returns the run, or what it said at once. */
export async function draftOn(campaign: number, model: { readonly id: number; readonly kind: string }, images: readonly number[], taken: Images = [...images]): Promise<Answer<Schemas["Run"]> | Answer<Schemas["Told"]>[]> {
  const [only] = images;
  if (model.kind !== "promptable" && images.length === 1 && only !== undefined) return bodyOf(api.POST("/api/v1/images/{image_id}/predict", { params: { path: { image_id: only } }, body: { model: model.id } }));
  return bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/inference-runs", { ...campaignAt(campaign), body: { model: model.id, images: taken, prefill: true } }));
}

/** Where a model of ours is downloaded with a server of its own. */
export function modelDownloadUrl(campaign: number, model: number, checkpoint: "best" | "last"): string {
  return `${API}/campaigns/${campaign}/models/${model}/download?checkpoint=${checkpoint}`;
}
