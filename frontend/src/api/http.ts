import { ApiProblem, type ProblemDocument, Unreachable } from "./problems";

export const API = "/api/v1";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** The token that Django wants back from a signed-in browser. */
export function csrfToken(cookies: string = document.cookie): string {
  const pair = cookies.split("; ").find((cookie) => cookie.startsWith("csrftoken="));
  return pair === undefined ? "" : decodeURIComponent(pair.slice("csrftoken=".length));
}

async function problemOf(response: Response): Promise<ApiProblem> {
  let document: ProblemDocument = {};
  try {
    document = (await response.json()) as ProblemDocument;
  } catch {
    // A proxy's page or an empty answer: the status alone decides what is said.
  }
  return new ApiProblem(response.status, document);
}

/** `fetch` with the session, the CSRF token, and every refusal thrown as an `ApiProblem`. */
export async function apiFetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, { credentials: "same-origin", ...init });
  if (!SAFE_METHODS.has(request.method)) request.headers.set("X-CSRFToken", csrfToken());
  if (!request.headers.has("Accept")) request.headers.set("Accept", "application/json");
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];

/** The path under /api/v1 with its query; what is empty is left out. */
export function apiUrl(path: string, query: Record<string, QueryValue> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) value.forEach((one: string | number) => parameters.append(name, String(one)));
    else parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return `${API}${path}${text === "" ? "" : `?${text}`}`;
}

/** The JSON of an answer; `undefined` bodies (204) come back as null. */
async function jsonOf<T>(response: Response): Promise<T> {
  return (response.status === 204 ? null : await response.json()) as T;
}

export async function getJson<T>(path: string, query: Record<string, QueryValue> = {}, signal?: AbortSignal): Promise<T> {
  return jsonOf<T>(await apiFetch(apiUrl(path, query), signal === undefined ? {} : { signal }));
}

export async function sendJson<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...headers, "Content-Type": "application/json" };
  }
  return jsonOf<T>(await apiFetch(apiUrl(path), init));
}
