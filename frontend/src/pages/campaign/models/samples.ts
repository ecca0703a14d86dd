/** Programs that ask a model about a picture, filled in with where Winnow is and the ids of the campaign and the model. */

export const LANGUAGES = ["curl", "python", "javascript", "java", "csharp"] as const;

export type Language = (typeof LANGUAGES)[number];

export interface Target {
  /** Where Winnow is: "https://winnow.example". */
  readonly origin: string;
  readonly campaign: number;
  readonly model: number;
}

/** Stands for the person's own token, which the page does not know. */
export const TOKEN = "YOUR_TOKEN";

const SAMPLES: Readonly<Record<Language, (url: string) => string>> = {
  curl: (url) => `curl --fail-with-body --data-binary @picture.jpg \\
  -H "Authorization: Bearer ${TOKEN}" \\
  -H "Content-Type: application/octet-stream" \\
  "${url}"
`,
  python: (url) => `import json
import urllib.request
from pathlib import Path

request = urllib.request.Request(
    "${url}",
    data=Path("picture.jpg").read_bytes(),
    headers={"Authorization": "Bearer ${TOKEN}", "Content-Type": "application/octet-stream"},
)
with urllib.request.urlopen(request, timeout=120) as answer:
    prediction = json.load(answer)
for label in prediction["labels"]:
    print(label["label"]["name"], label["confidence"])
for found in prediction["objects"]:
    print(found["label"]["name"], found["confidence"], found["shape"])
`,
  javascript: (url) => `// Node.js 18 or later: node predict.mjs
import { readFile } from "node:fs/promises";

const response = await fetch("${url}", {
  method: "POST",
  headers: { Authorization: "Bearer ${TOKEN}", "Content-Type": "application/octet-stream" },
  body: await readFile("picture.jpg"),
});
if (!response.ok) throw new Error(await response.text());
const prediction = await response.json();
for (const { label, confidence } of prediction.labels) console.log(label.name, confidence);
for (const { label, confidence, shape } of prediction.objects) console.log(label.name, confidence, shape);
`,
  java: (url) => `// Java 11 or later: java Predict.java
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

public class Predict {
    public static void main(String[] arguments) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("${url}"))
            .header("Authorization", "Bearer ${TOKEN}")
            .header("Content-Type", "application/octet-stream")
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of("picture.jpg")))
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IllegalStateException(answer.body());
        System.out.println(answer.body());
    }
}
`,
  csharp: (url) => `// .NET 6 or later, .NET Framework 4.5 or Mono
using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;

public static class Predict
{
    public static void Main()
    {
        Ask().GetAwaiter().GetResult();
    }

    private static async Task Ask()
    {
        using (var client = new HttpClient())
        using (var picture = new ByteArrayContent(File.ReadAllBytes("picture.jpg")))
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "${TOKEN}");
            picture.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            using (var answer = await client.PostAsync("${url}", picture))
            {
                var text = await answer.Content.ReadAsStringAsync();
                if (!answer.IsSuccessStatusCode) throw new InvalidOperationException(text);
                Console.WriteLine(text);
            }
        }
    }
}
`,
};

/** The program in a language that asks about picture.jpg. */
export function sampleIn(language: Language, { origin, campaign, model }: Target): string {
  return SAMPLES[language](`${origin}/api/v1/campaigns/${campaign}/models/${model}/predict`);
}
