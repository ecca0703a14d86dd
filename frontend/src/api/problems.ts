/** One place of a refused request: which field, and what to do about it. */
export interface ProblemError {
  field?: string;
  detail: string;
}

/** An RFC 9457 problem as the server writes it; members beyond these stay readable through `document`. */
export interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  errors?: ProblemError[];
  [member: string]: unknown;
}

/** A refused or failed request. `message` is one sentence for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: ProblemError[];
  readonly document: ProblemDocument;

  constructor(status: number, document: ProblemDocument) {
    super(problemMessage(status, document));
    this.name = "ApiProblem";
    this.status = status;
    this.code = document.code ?? "";
    this.errors = document.errors ?? [];
    this.document = document;
  }

  /** What is wrong with one field, for a form. */
  fieldError(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.detail;
  }
}

/** Nothing was answered: the server is down or the network is gone. */
export class Unreachable extends Error {
  constructor() {
    super("The server did not answer. Check that it is running and that you are connected, then try again.");
    this.name = "Unreachable";
  }
}

const BY_STATUS: Record<number, string> = {
  401: "You are signed out. Sign in and try again.",
  403: "Your role does not allow this. Ask the campaign's owner or a manager.",
  404: "It is not there any more, or it is not shared with you.",
  409: "The state changed in the meantime. Reload the page and try again.",
  413: "That is larger than the server accepts. Send less at once.",
  429: "Too many requests at once. Wait a moment and try again.",
};

/** One sentence that says what to do: the server's own where there is one. */
export function problemMessage(status: number, document: ProblemDocument): string {
  const detail = document.detail?.trim() ?? "";
  const places = (document.errors ?? []).filter((error) => !detail.includes(error.detail)).map((error) => (error.field ? `${error.field}: ${error.detail}` : error.detail));
  if (detail !== "") return places.length > 0 ? `${detail} (${places.slice(0, 3).join("; ")})` : detail;
  if (places.length > 0) return places.slice(0, 3).join("; ");
  if (BY_STATUS[status] !== undefined) return BY_STATUS[status];
  if (status >= 500) return "The server failed on this. Try again; if it stays, look at the server's log.";
  return document.title ?? `The request was refused (${status}).`;
}

/** What to tell a person about anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message !== "") return error.message;
  return "Something went wrong. Try again.";
}
