import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getJson, sendJson } from "./http";
import type { AuthState, Page, User } from "./types";

export interface Credentials {
  username: string;
  password: string;
}

export interface ApiToken {
  id: number;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export const authStateQuery = queryOptions({
  queryKey: ["auth", "state"],
  queryFn: ({ signal }) => getJson<AuthState>("/auth/state", {}, signal),
  staleTime: 60_000,
});

/** Who is signed in; pages inside the shell always have somebody. */
export function useUser(): User | null {
  return useQuery(authStateQuery).data?.user ?? null;
}

/** Forms that start or end a session. Everything cached belongs to the session before, so it goes. */
function useSession(path: string) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (credentials: Credentials | undefined) => sendJson<unknown>("POST", path, credentials),
    onSuccess: async () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "auth" });
      await client.invalidateQueries({ queryKey: ["auth"] });
      await client.fetchQuery({ ...authStateQuery, staleTime: 0 });
    },
  });
}

export const useSetup = () => useSession("/auth/setup");
export const useSignIn = () => useSession("/auth/login");
export const useSignOut = () => useSession("/auth/logout");

export function useTokens() {
  return useQuery({ queryKey: ["tokens"], queryFn: async () => listOf(await getJson<Page<ApiToken> | ApiToken[]>("/auth/tokens")) });
}

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token: { name: string; scopes: string[] }) => sendJson<ApiToken & { token: string }>("POST", "/auth/tokens", token),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useDeleteToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => sendJson<null>("DELETE", `/auth/tokens/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

/** Some short lists come whole, some in pages. */
export function listOf<T>(answer: Page<T> | T[]): T[] {
  return Array.isArray(answer) ? answer : answer.results;
}
