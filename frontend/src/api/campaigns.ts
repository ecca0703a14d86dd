import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf, done } from "./client";
import { useCursorList } from "./pages";
import type { Campaign, Label, NewCampaign, NewLabel, Role, Task } from "./types";

export const campaignKey = (id: number) => ["campaigns", id] as const;

const at = (campaign_id: number) => ({ params: { path: { campaign_id } } });

export function useCampaigns() {
  return useCursorList(["campaigns", "list"], (cursor, signal) => bodyOf(api.GET("/api/v1/campaigns", { params: { query: { cursor } }, signal })));
}

export function useCampaign(id: number, options: { refetchInterval?: number | false } = {}) {
  return useQuery({ queryKey: campaignKey(id), queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}", { ...at(id), signal })), ...options });
}

export function useCreateCampaign() {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (body: NewCampaign) => bodyOf(api.POST("/api/v1/campaigns", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", "list"] }),
  });
}

/** One click to a campaign of real images; a run that the answer names puts them in. */
export function useCreateSample() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (task: Exclude<Task, "keypoints">) => bodyOf(api.POST("/api/v1/campaigns/sample", { body: { task } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", "list"] }),
  });
}

export function useUpdateCampaign(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<Pick<Campaign, "name" | "instructions">> & { settings?: Partial<Campaign["settings"]> }) => bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}", { ...at(id), body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns"] }),
  });
}

export function useDeleteCampaign(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/api/v1/campaigns/{campaign_id}", at(id))),
    onSuccess: () => {
      client.removeQueries({ queryKey: campaignKey(id) });
      return client.invalidateQueries({ queryKey: ["campaigns", "list"] });
    },
  });
}

export function useLabelChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: campaignKey(campaign) });
  const one = (label_id: number) => ({ params: { path: { campaign_id: campaign, label_id } } });
  return {
    create: useMutation({ mutationFn: (body: NewLabel) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/labels", { ...at(campaign), body })), onSuccess }),
    update: useMutation({
      mutationFn: ({ id, ...body }: Partial<Label> & { id: number }) => bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}/labels/{label_id}", { ...one(id), body })),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: number) => done(api.DELETE("/api/v1/campaigns/{campaign_id}/labels/{label_id}", one(id))), onSuccess }),
  };
}

const membersKey = (campaign: number) => ["campaigns", campaign, "members"] as const;

export function useMembers(campaign: number) {
  return useQuery({ queryKey: membersKey(campaign), queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/campaigns/{campaign_id}/members", { ...at(campaign), signal })) });
}

export function useMemberChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: membersKey(campaign) });
  const one = (member_id: number) => ({ params: { path: { campaign_id: campaign, member_id } } });
  return {
    add: useMutation({
      meta: { quiet: true },
      mutationFn: (body: { username: string; role: Role; password?: string }) => bodyOf(api.POST("/api/v1/campaigns/{campaign_id}/members", { ...at(campaign), body })),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, role }: { id: number; role: Role }) => bodyOf(api.PATCH("/api/v1/campaigns/{campaign_id}/members/{member_id}", { ...one(id), body: { role } })),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: number) => done(api.DELETE("/api/v1/campaigns/{campaign_id}/members/{member_id}", one(id))), onSuccess }),
  };
}
