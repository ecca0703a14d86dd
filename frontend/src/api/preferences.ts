import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { api } from "./client";
import { ApiProblem } from "./problems";
import type { components } from "./schema";

export type Preferences = components["schemas"]["Preferences"];

interface Versioned {
  readonly document: Preferences;
  readonly version: number;
}

const KEY = ["me", "preferences"] as const;
const NONE: Preferences = {};
/** So often another page of the same person may be faster. */
const TRIES = 4;

function versionOf(response: Response): number {
  return Number(/\d+/.exec(response.headers.get("ETag") ?? "")?.[0] ?? 0);
}

async function read(signal?: AbortSignal): Promise<Versioned> {
  const { data, response } = await api.GET("/api/v1/me/preferences", signal ? { signal } : {});
  return { document: data ?? NONE, version: versionOf(response) };
}

async function write(version: number, document: Preferences): Promise<Versioned> {
  const { data, response } = await api.PUT("/api/v1/me/preferences", { params: { header: { "If-Match": `"${version}"` } }, body: document });
  return { document: data ?? document, version: versionOf(response) };
}

type Change = (now: Preferences) => Preferences;

/** Change what is there now; what another page of the person chose meanwhile stays. A change that changes nothing is not sent. */
async function save(change: Change): Promise<Versioned> {
  let now = await read();
  for (let turn = 1; ; turn += 1) {
    try {
      const next = change(now.document);
      return next === now.document ? now : await write(now.version, next);
    } catch (error) {
      if (turn === TRIES || !(error instanceof ApiProblem) || error.status !== 412) throw error;
      now = await read();
    }
  }
}

/** Change them from outside of React; returns them as they are then. */
export async function changePreferences(change: Change): Promise<Preferences> {
  return (await save(change)).document;
}

/** What the person chose for herself, in whatever browser; null while it is on its way. */
export function usePreferences(): Preferences | null {
  const { data, isError } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => read(signal), staleTime: 60_000 });
  return data?.document ?? (isError ? NONE : null);
}

/** Change the preferences: shown at once, put right when the server says otherwise. */
export function useChangePreferences(): (change: Change) => void {
  const client = useQueryClient();
  const { mutate } = useMutation({
    scope: { id: "preferences" },
    mutationFn: save,
    onMutate: (change: Change) => show(client, change),
    onSuccess: (saved) => client.setQueryData(KEY, saved),
    onError: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return mutate;
}

async function show(client: QueryClient, change: Change): Promise<void> {
  await client.cancelQueries({ queryKey: KEY });
  client.setQueryData<Versioned>(KEY, (now) => now && { ...now, document: change(now.document) });
}
