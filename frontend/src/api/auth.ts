import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf, done } from "./client";
import type { User } from "./types";

export interface Credentials {
  username: string;
  password: string;
}

export const authStateQuery = queryOptions({
  queryKey: ["auth", "state"],
  queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/auth/state", { signal })),
  staleTime: 60_000,
});

/** Who is signed in; pages inside the shell always have somebody. */
export function useUser(): User | null {
  return useQuery(authStateQuery).data?.user ?? null;
}

/** Forms that start or end a session. Everything cached belongs to the session before, so it goes. */
function useSession(call: (credentials: Credentials) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: call,
    onSuccess: async () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "auth" });
      await client.invalidateQueries({ queryKey: ["auth"] });
      await client.fetchQuery({ ...authStateQuery, staleTime: 0 });
    },
  });
}

const NOBODY: Credentials = { username: "", password: "" };

export const useSetup = () => useSession((body) => api.POST("/api/v1/auth/setup", { body }));
export const useSignIn = () => useSession((body) => api.POST("/api/v1/auth/login", { body }));

export function useSignOut() {
  const session = useSession(() => api.POST("/api/v1/auth/logout"));
  return { isPending: session.isPending, signOut: (onSuccess: () => void) => session.mutate(NOBODY, { onSuccess }) };
}

export function useTokens() {
  return useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => bodyOf(api.GET("/api/v1/auth/tokens", { signal })) });
}

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; scopes: ("read" | "write")[] }) => bodyOf(api.POST("/api/v1/auth/tokens", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useDeleteToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token_id: number) => done(api.DELETE("/api/v1/auth/tokens/{token_id}", { params: { path: { token_id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}
