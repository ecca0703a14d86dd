import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { listOf } from "./auth";
import { getJson, sendJson } from "./http";
import { useCursorList } from "./pages";
import type { Campaign, CampaignSettings, Label, Member, NewLabel, Page, Role, Task } from "./types";

export const campaignKey = (id: number) => ["campaigns", id] as const;

export function useCampaigns() {
  return useCursorList<Campaign>(["campaigns", "list"], "/campaigns", {});
}

export function useCampaign(id: number, options: { refetchInterval?: number | false } = {}) {
  return useQuery({ queryKey: campaignKey(id), queryFn: ({ signal }) => getJson<Campaign>(`/campaigns/${id}`, {}, signal), ...options });
}

export interface NewCampaign {
  name: string;
  task: Task;
  instructions: string;
  settings: CampaignSettings;
  labels: NewLabel[];
}

export function useCreateCampaign() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (campaign: NewCampaign) => sendJson<Campaign>("POST", "/campaigns", campaign),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", "list"] }),
  });
}

/** One click to a campaign of real images; they are drawn in a run that the answer names. */
export function useCreateSample() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => sendJson<Campaign>("POST", "/campaigns/sample", {}),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", "list"] }),
  });
}

export function useUpdateCampaign(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Partial<Pick<Campaign, "name" | "instructions" | "settings">>) => sendJson<Campaign>("PATCH", `/campaigns/${id}`, change),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns"] }),
  });
}

export function useDeleteCampaign(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => sendJson<null>("DELETE", `/campaigns/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["campaigns", "list"] }),
  });
}

export function useLabelChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: campaignKey(campaign) });
  return {
    create: useMutation({ mutationFn: (label: NewLabel) => sendJson<Label>("POST", `/campaigns/${campaign}/labels`, label), onSuccess }),
    update: useMutation({
      mutationFn: ({ id, ...change }: Partial<Label> & { id: number }) => sendJson<Label>("PATCH", `/campaigns/${campaign}/labels/${id}`, change),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: number) => sendJson<null>("DELETE", `/campaigns/${campaign}/labels/${id}`), onSuccess }),
  };
}

const membersKey = (campaign: number) => ["campaigns", campaign, "members"] as const;

export function useMembers(campaign: number) {
  return useQuery({
    queryKey: membersKey(campaign),
    queryFn: async () => listOf(await getJson<Page<Member> | Member[]>(`/campaigns/${campaign}/members`)),
  });
}

export function useMemberChanges(campaign: number) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: membersKey(campaign) });
  return {
    add: useMutation({
      mutationFn: (member: { username: string; role: Role; password?: string }) => sendJson<Member>("POST", `/campaigns/${campaign}/members`, member),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, role }: { id: number; role: Role }) => sendJson<Member>("PATCH", `/campaigns/${campaign}/members/${id}`, { role }),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (id: number) => sendJson<null>("DELETE", `/campaigns/${campaign}/members/${id}`), onSuccess }),
  };
}
