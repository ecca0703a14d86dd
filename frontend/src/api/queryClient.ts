import { notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiProblem, messageOf } from "./problems";

/** Say what went wrong, once per text. */
export function notifyProblem(error: unknown): void {
  const message = messageOf(error);
  notifications.show({ id: message, color: "red", title: error instanceof ApiProblem ? error.document.title : undefined, message, autoClose: 9000 });
}

export function notifyDone(message: string): void {
  notifications.show({ color: "pine", message, autoClose: 3500 });
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 401 || error.code === "not_authenticated");
}

/** Pages show why a list did not load; a refused change is a notification unless the form says it itself (`meta.quiet`). */
export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (isSignedOut(error)) void client.invalidateQueries({ queryKey: ["auth"] });
      },
    }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        if (isSignedOut(error)) void client.invalidateQueries({ queryKey: ["auth"] });
        if (mutation.meta?.["quiet"] !== true) notifyProblem(error);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiProblem && error.status < 500),
      },
    },
  });
  return client;
}
