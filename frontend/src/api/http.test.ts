// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { apiFetch, apiUrl, csrfToken } from "./http";
import { ApiProblem, messageOf, problemMessage, Unreachable } from "./problems";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: string): void {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(body, { status })));
}

describe("a problem becomes a sentence", () => {
  it("is the server's own detail where there is one", () => {
    expect(problemMessage(422, { detail: "Write a colour as #rrggbb." })).toBe("Write a colour as #rrggbb.");
  });

  it("names the fields", () => {
    const document = { detail: "The labels cannot be used.", errors: [{ field: "labels.0.color", detail: "Write #rrggbb." }] };
    expect(problemMessage(422, document)).toBe("The labels cannot be used. (labels.0.color: Write #rrggbb.)");
  });

  it("says what to do when the server said nothing", () => {
    expect(problemMessage(403, {})).toContain("Ask the campaign's owner");
    expect(problemMessage(502, {})).toContain("Try again");
    expect(problemMessage(418, { title: "Teapot" })).toBe("Teapot");
  });

  it("covers what is no error at all", () => {
    expect(messageOf("boom")).toBe("Something went wrong. Try again.");
  });
});

describe("requests", () => {
  it("throw a problem with its code and its fields", async () => {
    answer(422, JSON.stringify({ detail: "No.", code: "invalid_input", errors: [{ field: "name", detail: "Write a name." }] }));
    const problem = await apiFetch("http://x/api/v1/campaigns").catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ApiProblem);
    expect((problem as ApiProblem).code).toBe("invalid_input");
    expect((problem as ApiProblem).fieldError("name")).toBe("Write a name.");
  });

  it("say once what the whole request and its field say alike", async () => {
    answer(422, JSON.stringify({ detail: "This address is private.", errors: [{ field: "url", detail: "This address is private." }] }));
    await expect(apiFetch("http://x/")).rejects.toThrow(/^This address is private\.$/);
  });

  it("survive an answer that is no JSON", async () => {
    answer(502, "<html>bad gateway</html>");
    await expect(apiFetch("http://x/")).rejects.toMatchObject({ status: 502 });
  });

  it("say that the server is unreachable", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => Promise.reject(new TypeError("failed"))));
    await expect(apiFetch("http://x/")).rejects.toBeInstanceOf(Unreachable);
  });

  it("carry the CSRF token when they write, and only then", async () => {
    document.cookie = "csrftoken=abc%3D";
    const seen: (string | null)[] = [];
    vi.stubGlobal("fetch", vi.fn(async (request: Request) => {
      seen.push(request.headers.get("X-CSRFToken"));
      return new Response("{}");
    }));
    await apiFetch("http://x/", { method: "POST", body: "{}" });
    await apiFetch("http://x/");
    expect(seen).toEqual(["abc=", null]);
  });

  it("leave empty query values out", () => {
    expect(apiUrl("/images", { q: "", state: "unlabeled", label: [1, 2], page: null })).toBe("/api/v1/images?state=unlabeled&label=1&label=2");
  });
});

it("the CSRF token is read from among other cookies", () => {
  expect(csrfToken("a=1; csrftoken=tok; b=2")).toBe("tok");
  expect(csrfToken("a=1")).toBe("");
});
